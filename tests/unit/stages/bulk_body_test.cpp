#include "stages/bulk_body.h"

#include <gtest/gtest.h>

#include "tests/unit/stages/documents.h"

namespace flusso::stages {
namespace {

struct Body {
  const char* name;
  std::vector<Doc> docs;
  std::string text;
};

TEST(BulkBody, the_wire_text_is_action_and_document_lines) {
  const Body table[] = {
      {"one document", {{"1", "{\"a\":1}"}}, "+0.0 1\n{\"a\":1}\n"},
      {"a delete has no second line", {{"1", ""}}, "-0.0 1\n"},
      {"several", {{"1", "{}"}, {"2", ""}, {"3", "{\"b\":2}"}}, "+0.0 1\n{}\n-0.0 2\n+0.0 3\n{\"b\":2}\n"},
      {"deletes around", {{"1", ""}, {"2", "{}"}, {"3", ""}}, "-0.0 1\n+0.0 2\n{}\n-0.0 3\n"},
      {"two generations", {{"1", "{}", kTarget | kStaged}}, "+0.0 1\n{}\n+0.1 1\n{}\n"},
      {"a delete in two generations", {{"1", "", kTarget | kStaged}}, "-0.0 1\n-0.1 1\n"},
      {"only the staged one", {{"1", "{}", kStaged}}, "+0.1 1\n{}\n"},
      {"nothing", {}, ""},
  };
  for (const Body& row : table) {
    const BulkRequest request = request_of(row.docs);
    EXPECT_EQ(body_text(request), row.text) << row.name;
    EXPECT_EQ(request.bytes, row.text.size()) << row.name;
    EXPECT_EQ(request.items.size(), row.docs.size()) << row.name;
  }
}

TEST(BulkBody, documents_are_pointed_at_not_copied) {
  const DocBatch batch = batch_of(kIndex, {{"1", "{\"a\":1}"}});
  const BulkRequest request =
      make_request(kSink, {BulkItem{kIndex, kTarget, batch.key(batch.rows[0]), batch.body(batch.rows[0])}},
                   {batch.slab}, render_plainly);
  bool found = false;
  for (const std::string_view segment : request.segments)
    found = found || segment.data() == batch.body(batch.rows[0]).data();
  EXPECT_TRUE(found);
}

TEST(BulkBody, segments_survive_the_move_of_a_request) {
  BulkRequest request = request_of({{"1", "{}"}, {"2", ""}});
  const std::string before = body_text(request);
  const BulkRequest moved = std::move(request);
  EXPECT_EQ(body_text(moved), before);
}

}  // namespace
}  // namespace flusso::stages
