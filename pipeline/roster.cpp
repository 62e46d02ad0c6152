#include "pipeline/roster.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "model/log.h"

namespace flusso::pipeline {
namespace {

constexpr Logger kRosterLog{"start"};

bool says_nothing_about_the_index(const Error& error) {
  return error.kind == ErrorKind::transient || error.kind == ErrorKind::cancelled || error.kind == ErrorKind::bug;
}

Error joined(std::vector<Error> errors) {
  if (errors.size() == 1) return std::move(errors.front());
  Error all = errors.front();
  all.what = fmt::format("{} things need attention:", errors.size());
  for (std::size_t i = 0; i < errors.size(); ++i)
    all.what += fmt::format(" ({}) {}{}", i + 1, errors[i].what, i + 1 < errors.size() ? ";" : "");
  return all;
}

// The plan of this index alone compiles and the source takes it.
Status judge(const IndexPlan& index, const std::vector<TableInfo>& infos, SourceAdmin& source) {
  FLUSSO_TRY_ASSIGN(const Plan alone, compile_plan({index}, infos));
  return source.examine(alone);
}

}  // namespace

Result<Roster> call_roster(std::vector<IndexPlan> indexes, SourceAdmin& source) {
  std::set<TableRef> tables;
  for (const IndexPlan& index : indexes)
    for (const TableRef& table : tables_of(index.schema)) tables.insert(table);
  FLUSSO_TRY_ASSIGN(std::vector<TableSurvey> surveys, source.survey({tables.begin(), tables.end()}));
  std::map<TableRef, Error> problems;
  std::vector<TableInfo> infos;
  for (TableSurvey& survey : surveys) {
    if (survey.problem)
      problems.emplace(survey.info.table, std::move(*survey.problem));
    else
      infos.push_back(std::move(survey.info));
  }
  Roster roster;
  std::vector<IndexPlan> able;
  for (IndexPlan& index : indexes) {
    std::vector<Error> wrong;
    for (const TableRef& table : tables_of(index.schema))
      if (const auto found = problems.find(table); found != problems.end()) wrong.push_back(found->second);
    if (wrong.empty()) {
      const Status judged = judge(index, infos, source);
      if (!judged && says_nothing_about_the_index(judged.error())) return fail(judged.error());
      if (!judged) wrong.push_back(judged.error());
    }
    if (wrong.empty())
      able.push_back(std::move(index));
    else
      roster.paused.push_back(PausedIndex{std::move(index), joined(std::move(wrong))});
  }
  FLUSSO_TRY_ASSIGN(roster.plan, compile_plan(std::move(able), infos));
  return roster;
}

void say_paused(const std::vector<PausedIndex>& paused) {
  for (const PausedIndex& one : paused)
    kRosterLog.error("an index is paused: it gets no changes, and is built anew when the source allows it again",
                     kv("index", one.index.name), kv("code", one.why.code), kv("why", one.why.what));
}

Error reasons(const std::vector<PausedIndex>& paused) {
  std::vector<Error> all;
  for (const PausedIndex& one : paused)
    if (std::none_of(all.begin(), all.end(), [&](const Error& known) { return known.what == one.why.what; }))
      all.push_back(one.why);
  return joined(std::move(all));
}

}  // namespace flusso::pipeline
