#pragma once
// The rules of fields that read columns of one row: scalars, custom, maps and points.

#include "model/check/site.h"

namespace flusso {

// `key`: the declared key of the row's table.
void check_column(const Site& site, const ColumnField& field, const TableFacts& table, const KeyColumns& key);
void check_map(const Site& site, const MapField& field, const TableFacts& table, const KeyColumns& key);
void check_point(const Site& site, const GeoField& field, const TableFacts& table);

}  // namespace flusso
