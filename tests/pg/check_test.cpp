// `check` against a real server: silent on the demo store, and one finding for each mistake planted in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/config/loader.h"
#include "io/pg/check/database_check.h"
#include "tests/support/files.h"
#include "tests/support/pg_cluster.h"
#include "tests/support/pg_database.h"

namespace flusso::pg {
namespace {

using test::PrivateCluster;
using test::TestDatabase;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string listing(const CheckFindings& findings) {
  std::string out;
  for (const CheckFinding& finding : findings) {
    out += std::string(to_text(finding.severity)) + " " + (finding.index.empty() ? "source" : finding.index) +
           (finding.field.empty() ? "" : "." + finding.field) + ": " + finding.message + "\n";
  }
  return out;
}

// The demo store in a database of its own, published, with its three indexes as the repository ships them.
class Check : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(database.ready());
    database.run(flusso::test::read_file(flusso::test::source_path("dev/sql/schema.sql")));
    database.run(
        "INSERT INTO users (email, full_name) SELECT 'u' || g, 'User ' || g FROM generate_series(1, 20) g; "
        "INSERT INTO products (sku, name, price, attributes) SELECT 's' || g, 'P', 1, '{\"a\": 1}' FROM "
        "generate_series(1, 5) g; INSERT INTO products (sku, name, price, attributes) VALUES ('n', 'N', 1, NULL), "
        "('j', 'J', 1, 'null'); "
        "INSERT INTO orders (user_id, total) SELECT 1 + g % 20, g FROM generate_series(1, 50) g; ANALYZE");
    database.run("CREATE PUBLICATION " + quote_identifier(database.publication()) +
                 " FOR TABLE users, profiles, addresses, categories, products, tags, product_tags, orders, "
                 "order_items, reviews");
    for (const char* name : {"orders", "products", "users"}) add(name, flusso::test::read_file(schema_path(name)));
    options = database.options();
  }
  static std::string schema_path(const std::string& name) {
    return flusso::test::source_path("dev/" + name + ".schema.yml");
  }

  // Loads a schema's text as an index called `name`, in place of one of that name.
  void add(const std::string& name, const std::string& yaml) {
    const auto folder = std::filesystem::temp_directory_path() / ("flusso_check_" + database.name());
    std::filesystem::create_directories(folder);
    const std::string path = folder / (name + ".schema.yml");
    std::ofstream(path, std::ios::binary) << yaml;
    auto loaded = config::load_schema(path);
    std::filesystem::remove_all(folder);
    ASSERT_TRUE(loaded.schema) << loaded.diagnostics.render_errors();
    std::erase_if(indexes, [&](const IndexPlan& index) { return index.name == name; });
    IndexPlan index;
    index.name = name;
    index.schema = std::move(*loaded.schema);
    indexes.push_back(std::move(index));
  }
  // One of the three, with a piece of its text replaced.
  void change(const std::string& name, const std::string& from, const std::string& to) {
    std::string yaml = flusso::test::read_file(schema_path(name));
    const auto at = yaml.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    add(name, yaml.replace(at, from.size(), to));
  }

  DatabaseCheck check() {
    auto checked = check_database(options, indexes);
    if (!checked) {
      ADD_FAILURE() << checked.error().what;
      return {};
    }
    return std::move(*checked);
  }
  std::string said() { return listing(check().findings); }

  TestDatabase database;
  PgSourceOptions options;
  std::vector<IndexPlan> indexes;
};

TEST_F(Check, the_clean_store_gives_no_finding_and_is_covered) {
  const DatabaseCheck checked = check();
  EXPECT_EQ(listing(checked.findings), "");
  EXPECT_TRUE(checked.coverage.satisfied());
  EXPECT_EQ(checked.coverage.present.size(), 10u);
}

TEST_F(Check, the_clean_store_is_fine_while_it_is_empty) {
  database.run("TRUNCATE users, products, orders CASCADE; ANALYZE");
  EXPECT_EQ(said(), "");
}

TEST_F(Check, a_wrong_type_is_found) {
  change("users", "- keyword: phone", "- integer: phone");
  const CheckFindings findings = check().findings;
  ASSERT_EQ(findings.size(), 1u) << listing(findings);
  EXPECT_EQ(findings[0].severity, FindingSeverity::error);
  EXPECT_EQ(findings[0].field, "phone");
  EXPECT_THAT(findings[0].at.file, HasSubstr("users.schema.yml"));
  EXPECT_EQ(findings[0].at.line, 16);
  EXPECT_THAT(findings[0].message, HasSubstr("column public.users.phone is text; declare `keyword` or `text`"));
}

TEST_F(Check, a_missing_column_is_found_in_a_related_table) {
  change("users", "column: zip", "column: zpi");
  EXPECT_EQ(said(),
            "error users.addresses.postalCode: `column` references unknown column public.addresses.zpi, did you mean "
            "zip?; correct the name or add the column\n");
}

TEST_F(Check, a_missing_table_is_found_wherever_it_is_named) {
  database.run("ALTER TABLE reviews RENAME TO reviewz");
  const DatabaseCheck checked = check();
  const std::string text = listing(checked.findings);
  for (const char* field : {"reviewCount", "averageRating", "worstRating", "lastReviewAt"})
    EXPECT_THAT(text, HasSubstr("error products." + std::string(field) +
                                ": `table` names table public.reviews, which does not exist, did you mean "
                                "public.reviewz?"));
  EXPECT_THAT(checked.coverage.missing, ElementsAre(TableRef{"public", "reviews"}));
  EXPECT_THAT(checked.coverage.blockers, ElementsAre("public.reviews does not exist"));
}

TEST_F(Check, a_required_field_over_a_nullable_column_is_found) {
  change("users", "- keyword: phone\n    required: false", "- keyword: phone\n    required: true");
  EXPECT_THAT(said(), HasSubstr("warning users.phone: `required: true`, but column public.users.phone is nullable"));
}

TEST_F(Check, a_missing_index_of_a_foreign_key_is_found_on_an_empty_table_too) {
  database.run("DROP INDEX products_category; TRUNCATE products, orders CASCADE");
  EXPECT_THAT(said(),
              HasSubstr("warning products.category: each lookup of rows of public.products by category_id reads "
                        "the whole table: no index begins with it; run CREATE INDEX CONCURRENTLY ON "
                        "\"public\".\"products\" (\"category_id\");"));
}

TEST_F(Check, a_primary_key_that_begins_with_the_other_column_does_not_hide_a_missing_index) {
  database.run("DROP INDEX product_tags_tag");
  EXPECT_THAT(said(), HasSubstr("CREATE INDEX CONCURRENTLY ON \"public\".\"product_tags\" (\"tag_id\");"));
}

TEST_F(Check, a_missing_index_of_children_is_found) {
  database.run("ALTER TABLE orders REPLICA IDENTITY FULL; DROP INDEX orders_identity");
  const std::string text = said();
  EXPECT_THAT(text, HasSubstr("warning users.orders: each lookup of rows of public.orders by user_id reads the whole "
                              "table: no index begins with it; run CREATE INDEX CONCURRENTLY ON \"public\".\"orders\" "
                              "(\"user_id\");"));
}

TEST_F(Check, a_replica_identity_that_is_too_narrow_names_the_index_that_serves) {
  database.run("ALTER TABLE addresses REPLICA IDENTITY DEFAULT");
  EXPECT_EQ(said(),
            "warning users.addresses: a row of table public.addresses that is deleted or moved does not name the "
            "document it leaves, because its replica identity (id) lacks user_id: the sink is searched for it, and "
            "stdout cannot be told; to save the search run ALTER TABLE \"public\".\"addresses\" "
            "REPLICA IDENTITY USING INDEX \"addresses_identity\";\n");
  database.run("DROP INDEX addresses_identity; CREATE INDEX ON addresses (user_id)");
  EXPECT_THAT(said(), HasSubstr("run CREATE UNIQUE INDEX CONCURRENTLY \"addresses_flusso_identity\" ON "
                                "\"public\".\"addresses\" (\"user_id\", \"id\"); ALTER TABLE \"public\".\"addresses\" "
                                "REPLICA IDENTITY USING INDEX \"addresses_flusso_identity\";"));
  database.run("ALTER TABLE addresses ALTER COLUMN user_id DROP NOT NULL");
  EXPECT_THAT(said(), HasSubstr("run ALTER TABLE \"public\".\"addresses\" REPLICA IDENTITY FULL;"));
}

TEST_F(Check, a_table_without_replica_identity_is_an_error) {
  database.run("ALTER TABLE users REPLICA IDENTITY NOTHING");
  EXPECT_THAT(said(), AllOf(HasSubstr("error users: table public.users has no usable replica identity"),
                            HasSubstr("REPLICA IDENTITY DEFAULT;")));
}

TEST_F(Check, an_unpublished_table_is_found_with_the_statement) {
  database.run("ALTER PUBLICATION " + quote_identifier(database.publication()) + " DROP TABLE reviews, tags");
  const DatabaseCheck managed = check();
  EXPECT_THAT(managed.findings, IsEmpty()) << "run closes this gap by itself";
  EXPECT_THAT(managed.coverage.missing, ElementsAre(TableRef{"public", "reviews"}, TableRef{"public", "tags"}));
  EXPECT_TRUE(managed.coverage.manageable());
  EXPECT_THAT(managed.coverage.remediation,
              ElementsAre("ALTER PUBLICATION " + quote_identifier(database.publication()) +
                          " ADD TABLE \"public\".\"reviews\", \"public\".\"tags\";"));
  options.manage_publication = false;
  const DatabaseCheck by_hand = check();
  EXPECT_THAT(listing(by_hand.findings),
              AllOf(HasSubstr("warning source: publication"), HasSubstr("does not stream public.reviews, public.tags"),
                    HasSubstr("manage_publication is off")));
  options.publication = "nowhere";
  EXPECT_THAT(check().coverage.remediation.at(0), HasSubstr("CREATE PUBLICATION \"nowhere\" FOR TABLE "));
}

TEST_F(Check, a_publication_that_hides_rows_is_an_error) {
  const std::string name = quote_identifier(database.publication());
  database.run("ALTER PUBLICATION " + name + " SET (publish = 'insert')");
  EXPECT_THAT(said(), HasSubstr("error source: publication \"" + database.publication() +
                                "\" does not publish every operation"));
}

TEST_F(Check, a_role_without_rights_gets_every_grant_at_once) {
  const std::string role = database.name() + "_r";
  database.run("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role +
               "; REVOKE SELECT ON reviews FROM " + role + "; ALTER TABLE tags ENABLE ROW LEVEL SECURITY");
  database.run("ALTER PUBLICATION " + quote_identifier(database.publication()) + " DROP TABLE reviews");
  options.url = Secret(database.url_as(role, "pw"));
  const DatabaseCheck checked = check();
  const std::string text = listing(checked.findings);
  EXPECT_THAT(text, HasSubstr("error source: role \"" + role +
                              "\" may not use replication; run as a superuser: ALTER "
                              "ROLE \"" +
                              role + "\" REPLICATION;"));
  EXPECT_THAT(text, HasSubstr("error products.reviewCount: role \"" + role +
                              "\" may not read table public.reviews; run "
                              "GRANT SELECT ON \"public\".\"reviews\" TO \"" +
                              role + "\";"));
  EXPECT_THAT(text, HasSubstr("error products.tags: row level security hides rows of table public.tags"));
  EXPECT_THAT(text, Not(HasSubstr("refused by Postgres"))) << "the same is not told twice";
  EXPECT_FALSE(checked.coverage.manageable());
  EXPECT_THAT(checked.coverage.blockers,
              ElementsAre("role \"" + role + "\" does not own publication \"" + database.publication() + "\"",
                          "role \"" + role + "\" does not own table public.reviews"));
  database.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(Check, an_operand_that_its_column_cannot_hold_is_found_at_the_filter) {
  change("users", "value: cancelled", "value: canceled");
  const CheckFindings findings = check().findings;
  ASSERT_EQ(findings.size(), 1u) << listing(findings);
  EXPECT_EQ(findings[0].field, "lifetimeValue");
  EXPECT_EQ(findings[0].at.line, 120);
  EXPECT_THAT(findings[0].message, AllOf(HasSubstr("public.orders.status"), HasSubstr("\"canceled\"")));
}

TEST_F(Check, a_soft_delete_column_of_the_wrong_type_is_found) {
  change("users", "column: deleted", "column: login_count");
  EXPECT_THAT(said(), HasSubstr("error users: `soft_delete` takes a boolean or a nullable column, "
                                "public.users.login_count is integer and never NULL"));
}

TEST_F(Check, keys_that_do_not_compare_are_found) {
  change("users", "foreign_key: user_id\n    primary_key: id\n    order_by:\n      - { column: placed_at",
         "foreign_key: status\n    primary_key: id\n    order_by:\n      - { column: placed_at");
  EXPECT_THAT(said(), HasSubstr("error users.orders: the keys do not compare: public.orders.status is "
                                "public.order_status, public.users.id is bigint"));
}

TEST_F(Check, transforms_orders_aggregates_and_variants_are_found_in_one_run) {
  change("users", "- integer: loginCount\n        column: login_count\n        required: true",
         "- integer: loginCount\n        column: login_count\n        required: true\n        transforms: [trim]");
  change("orders", "- { column: id, direction: asc }", "- { column: ide, direction: asc }");
  change("products", "- avg: averageRating\n    table: reviews\n    column: rating",
         "- avg: averageRating\n    table: reviews\n    column: body");
  std::string text = said();
  EXPECT_THAT(text, HasSubstr("error users.account.loginCount: `transforms` work on text"));
  EXPECT_THAT(text,
              HasSubstr("error orders.items: `order_by` references unknown column public.order_items.ide, did you "
                        "mean id?"));
  EXPECT_THAT(text, HasSubstr("error products.averageRating: avg takes numbers, column public.reviews.body is text"));
  change("orders", "- enum: status\n    required: true",
         "- enum: status\n    required: true\n    variants: [paid, pending]");
  EXPECT_THAT(said(),
              HasSubstr("warning orders.status: `variants` leaves out shipped, delivered, cancelled of the enum "
                        "type public.order_status"));
}

TEST_F(Check, domains_arrays_of_enums_and_citext_are_accepted_where_they_fit) {
  database.run(
      "CREATE EXTENSION citext; CREATE DOMAIN code AS varchar(20) NOT NULL; CREATE DOMAIN codes AS code[]; "
      "CREATE TABLE odd (id bigint PRIMARY KEY, nick citext NOT NULL, code code, many code[], all_codes codes, "
      "states order_status[], price money, address inet)");
  add("odd",
      "version: 1\ntable: odd\nprimary_key: id\nfields:\n  - long: id\n  - keyword: nick\n    required: true\n    "
      "transforms: [lowercase]\n  - identifier: code\n    required: true\n  - keyword: many\n  - keyword: all_codes\n  "
      "- "
      "enum: states\n    variants: [pending, paid, shipped, delivered, cancelled]\n  - decimal: price\n  - custom: "
      "address\n    postgres: [inet, cidr]\n    opensearch: ip\n");
  EXPECT_EQ(said(), "");
  add("odd",
      "version: 1\ntable: odd\nprimary_key: id\nfields:\n  - integer: states\n  - keyword: address\n  - custom: "
      "price\n    postgres: [numeric]\n    opensearch: scaled_float\n    options: { scaling_factor: 100 }\n");
  const std::string text = said();
  EXPECT_THAT(text, HasSubstr("error odd.states: type mismatch: `integer` takes integer, column public.odd.states is "
                              "public.order_status[]; declare `keyword` or `text`"));
  EXPECT_THAT(text, HasSubstr("error odd.address: type mismatch"));
  EXPECT_THAT(text, HasSubstr("error odd.price: `custom` lists [numeric] as Postgres types, column public.odd.price is "
                              "money"));
}

TEST_F(Check, raw_filters_are_read_by_postgres_and_cannot_do_anything_else) {
  change("products", "- { column: archived_at, op: is_null }", "- { raw: \"pricee > 0\" }");
  EXPECT_THAT(said(), HasSubstr("error products: the raw filter is no condition on table public.products: column "
                                "\"pricee\" does not exist"));
  change("products", "- { column: archived_at, op: is_null }",
         "- { raw: \"true); COMMIT; BEGIN READ WRITE; DROP TABLE reviews; COMMIT; SELECT (1 = 1\" }");
  EXPECT_THAT(said(), HasSubstr("error products: the raw filter is no condition"));
  EXPECT_EQ(database.run("SELECT to_regclass('reviews') IS NULL").text(0, 0), "f");
}

TEST_F(Check, what_no_rule_knows_is_found_by_planning_the_statement_and_taken_apart) {
  database.run("CREATE DOMAIN spot AS point; ALTER TABLE addresses ADD spot spot");
  change("users", "order_by:\n      - { column: id, direction: asc }\n    fields:\n      - long: id",
         "order_by:\n      - { column: spot, direction: asc }\n    fields:\n      - long: id");
  std::string text = said();
  EXPECT_THAT(text, HasSubstr("error users.addresses: `order_by` names public.addresses.spot"));
  // A default that its date column cannot read is nobody's rule.
  change("users", "- timestamp: createdAt\n        column: created_at\n        required: true",
         "- timestamp: createdAt\n        column: created_at\n        required: true\n        default: yesteryear");
  database.run("ALTER TABLE users ALTER COLUMN created_at DROP NOT NULL");
  text = said();
  EXPECT_THAT(text, HasSubstr("error users.account.createdAt: the statement of this field is refused by Postgres"));
  EXPECT_THAT(text, HasSubstr("yesteryear"));
}

TEST_F(Check, json_that_is_no_object_is_noticed_in_the_first_rows) {
  database.run(
      "UPDATE products SET attributes = '[1, 2]' WHERE id = 1; UPDATE products SET attributes = '[{}]' WHERE "
      "id = 2");
  EXPECT_THAT(said(), HasSubstr("warning products.attributes: 1 of the first 1000 rows of column "
                                "public.products.attributes hold json that is no object"));
}

TEST_F(Check, mistakes_in_several_indexes_are_told_in_one_run_in_order) {
  change("users", "- keyword: phone", "- integer: phone");
  change("products", "- text: description", "- date: description");
  change("orders", "- decimal: total", "- boolean: total");
  const CheckFindings findings = check().findings;
  std::vector<std::string> fields;
  for (const CheckFinding& finding : findings) fields.push_back(finding.index + "." + finding.field);
  EXPECT_THAT(fields, ElementsAre("orders.total", "products.description", "users.phone"));
}

TEST_F(Check, a_password_is_in_no_message) {
  for (const std::string& url :
       {std::string("postgres://nobody:hunter2@127.0.0.1:1/shop"),
        std::string("postgres://u:hun/ter2@127.0.0.1:1/shop"), std::string("postgres://u:hun@ter2@127.0.0.1:1/shop"),
        database.url_as("postgres", "hunter2") + "&sslpassword=hunter2",
        std::string("postgres://127.0.0.1:1/shop?user=u&password=hunter2")}) {
    options.url = Secret(url);
    const auto checked = check_database(options, indexes);
    ASSERT_FALSE(checked);
    EXPECT_THAT(checked.error().what, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("ter2")), Not(HasSubstr("hun"))));
  }
}

// --- servers of their own
// -----------------------------------------------------------------------------------------------

TEST_F(Check, a_server_that_cannot_replicate_is_told_with_the_rest) {
  PrivateCluster cluster("wal_level=replica\nmax_replication_slots=0\n");
  ASSERT_TRUE(cluster.ready());
  TestDatabase small(cluster.url());
  ASSERT_TRUE(small.ready());
  small.run(flusso::test::read_file(flusso::test::source_path("dev/sql/schema.sql")));
  options = small.options();
  change("users", "- keyword: phone", "- integer: phone");
  const std::string text = said();
  EXPECT_THAT(text, HasSubstr("error source: wal_level of "));
  EXPECT_THAT(text, HasSubstr("replication slots"));
  EXPECT_THAT(text, HasSubstr("error users.phone: type mismatch"));
}

TEST_F(Check, nothing_is_written) {
  PrivateCluster cluster("wal_level=logical\nautovacuum=off\n");
  ASSERT_TRUE(cluster.ready());
  TestDatabase quiet(cluster.url());
  ASSERT_TRUE(quiet.ready());
  quiet.run(flusso::test::read_file(flusso::test::source_path("dev/sql/schema.sql")));
  options = quiet.options();
  const auto state = [&] {
    // The next transaction id moves whenever anybody writes anything.
    const Rows rows = quiet.run(
        "SELECT pg_snapshot_xmax(pg_current_snapshot()), (SELECT count(*) FROM pg_class), (SELECT count(*) FROM "
        "pg_publication), (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_prepared_xacts)");
    std::string text;
    for (int column = 0; column < rows.columns(); ++column) text += rows.string(0, column) + " ";
    return text;
  };
  const std::string before = state();
  EXPECT_FALSE(check().coverage.satisfied());
  change("products", "- { column: archived_at, op: is_null }", "- { raw: \"nonsense\" }");
  EXPECT_FALSE(check().findings.empty());
  EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace flusso::pg
