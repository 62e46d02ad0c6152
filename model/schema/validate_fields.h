#pragma once
// Rules of single fields, called by validate_schema with what surrounds the field.

#include "model/schema/validate.h"

namespace flusso {

using SchemaFindings = std::vector<SchemaFinding>;

void check_options(const Field& field, SchemaFindings& findings);
void check_column_field(const Field& field, const ColumnField& column, SchemaFindings& findings);
void check_constant(const Field& field, const ConstantField& constant, SchemaFindings& findings);
// `parent_key`: the key of the row that the relation hangs on.
void check_join(const Field& field, const JoinField& join, const KeyColumns& parent_key, SchemaFindings& findings);
void check_aggregate(const Field& field, const AggregateField& aggregate, const KeyColumns& parent_key,
                     SchemaFindings& findings);
void check_filters(const Filters& filters, SchemaFindings& findings);

}  // namespace flusso
