#include "io/config/loader.h"
#include "tests/support/files.h"

#include <gtest/gtest.h>

#include <random>

#include "io/config/toml_config.h"
#include "model/config/overrides.h"
#include "tests/unit/io/config/reading_support.h"

namespace flusso::config {
namespace {

constexpr std::string_view kUsers = "version: 1\ntable: users\nprimary_key: id\nfields:\n  - keyword: email\n";

TEST(Loader, reads_everything_a_deployment_says) {
  const auto config = load_config(test::source_path("tests/corpus/good/config/everything.toml"));
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->prefix, "dev_");
  EXPECT_EQ(config->on_error, FailurePolicy::skip);
  EXPECT_FALSE(config->source.manage_publication);
  EXPECT_EQ(config->source.spill_dir, "/var/tmp/flusso");
  const auto& parts = std::get<ConnectionParts>(config->source.connection_url);
  EXPECT_EQ(parts.host, "db.internal");
  EXPECT_EQ(parts.port, 6543);
  EXPECT_EQ(std::get<EnvReference>(*parts.password).variable, "PGPASSWORD");
  EXPECT_EQ(config->server.public_address, "0.0.0.0:0");
  EXPECT_EQ(config->server.private_address, "[::1]:9465");
  ASSERT_EQ(config->sinks.size(), 3U);
  EXPECT_EQ(config->sinks[0].name, "audit");
  EXPECT_TRUE(std::get<StdoutSinkConfig>(config->sinks[0].kind).pretty);
  const auto& sink = std::get<OpenSearchSinkConfig>(config->sinks[2].kind);
  EXPECT_FALSE(sink.tls_verify);
  EXPECT_EQ(sink.batch_size, 2000U);
  EXPECT_EQ(sink.max_bytes, 5242880U);
  EXPECT_EQ(sink.timeout_secs, 60U);
  EXPECT_EQ(sink.max_retries, 0U);
  EXPECT_EQ(sink.pipeline, "geoip");
  EXPECT_EQ(sink.number_of_shards, 3U);
  EXPECT_EQ(sink.number_of_replicas, 0U);
  EXPECT_EQ(sink.refresh_interval, "-1");
  EXPECT_EQ(sink.text_analysis, TextAnalysis::icu);
  EXPECT_FALSE(sink.auto_subfields);
  ASSERT_EQ(config->indexes.size(), 2U);
  EXPECT_EQ(config->indexes[0].name, "items");
  EXPECT_FALSE(config->indexes[0].enabled);
  EXPECT_EQ(config->indexes[0].schema.table, (TableRef{"Sales", "Order Items"}));
  EXPECT_EQ(config->indexes[1].on_error, FailurePolicy::stop);
}

TEST(Loader, reads_how_the_slot_is_guarded) {
  const auto config = load_config(test::source_path("tests/corpus/good/config/guarded_source.toml"));
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->source.on_slot_lost, SlotLossPolicy::reseed);
  EXPECT_EQ(config->source.wal_warning_mib, 0U);
  EXPECT_EQ(config->source.heartbeat_secs, 86400U);
}

TEST(Loader, defaults_are_those_of_the_manual) {
  Folder folder;
  const auto config =
      load_config(folder.write("f.toml",
                               "[source]\ntype = \"postgres\"\n[source.connection_url]\ndatabase = \"d\"\n"
                               "[sinks.s]\ntype = \"opensearch\"\n[sinks.o]\ntype = \"stdout\"\n"));
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_TRUE(config->source.manage_publication);
  EXPECT_EQ(config->source.spill_dir, "");
  EXPECT_EQ(config->source.on_slot_lost, SlotLossPolicy::stop);
  EXPECT_EQ(config->source.wal_warning_mib, 1024U);
  EXPECT_EQ(config->source.heartbeat_secs, 0U);
  EXPECT_EQ(config->on_error, FailurePolicy::stop);
  EXPECT_EQ(config->prefix, "");
  const auto& parts = std::get<ConnectionParts>(config->source.connection_url);
  EXPECT_EQ(parts.host, "127.0.0.1");
  EXPECT_EQ(parts.port, 5432);
  EXPECT_EQ(parts.user, "postgres");
  EXPECT_FALSE(parts.password);
  const auto& sink = std::get<OpenSearchSinkConfig>(config->sinks[1].kind);
  EXPECT_TRUE(sink.tls_verify);
  EXPECT_EQ(sink.batch_size, 1000U);
  EXPECT_EQ(sink.max_bytes, 10485760U);
  EXPECT_EQ(sink.timeout_secs, 30U);
  EXPECT_EQ(sink.max_retries, 3U);
  EXPECT_EQ(sink.number_of_shards, 1U);
  EXPECT_EQ(sink.number_of_replicas, 1U);
  EXPECT_EQ(sink.refresh_interval, "10s");
  EXPECT_EQ(sink.text_analysis, TextAnalysis::builtin);
  EXPECT_TRUE(sink.auto_subfields);
  EXPECT_FALSE(std::get<StdoutSinkConfig>(config->sinks[0].kind).pretty);
}

TEST(Loader, schema_paths_count_from_the_folder_of_the_config) {
  Folder folder;
  folder.write("schemas/users.yaml", kUsers);
  const std::string absolute = folder.write("elsewhere/users.yml", kUsers);
  const auto config = load_config(folder.write(
      "deploy/f.toml",
      "[source]\ntype = \"postgres\"\n[[index]]\nname = \"a\"\nschema = \"../schemas/users.yaml\"\nenabled = true\n"
      "[[index]]\nname = \"b\"\nschema = \"" +
          absolute + "\"\nenabled = true\n"));
  ASSERT_TRUE(config) << config.error().what;
  EXPECT_EQ(config->indexes[0].schema.table.name, "users");
  EXPECT_EQ(config->indexes[1].schema.table.name, "users");
}

TEST(Loader, mistakes_of_a_schema_of_two_indexes_are_told_once) {
  Folder folder;
  folder.write("users.yml", "version: 1\ntable: users\nfields:\n  - keywrd: email\n");
  const Loaded loaded = load(
      folder.write("f.toml",
                   "[source]\ntype = \"postgres\"\n[[index]]\nname = \"a\"\nschema = \"users.yml\"\nenabled = true\n"
                   "[[index]]\nname = \"b\"\nschema = \"users.yml\"\nenabled = true\n"));
  EXPECT_FALSE(loaded.config);
  EXPECT_EQ(loaded.diagnostics.error_count(), 1U);
}

TEST(Loader, notes_do_not_refuse_a_configuration) {
  Folder folder;
  folder.write("users.yml", std::string(kUsers) + "  - {count: n, table: orders, column: id, foreign_key: user_id}\n");
  const Loaded loaded = load(folder.write(
      "f.toml", "[source]\ntype = \"postgres\"\n[[index]]\nname = \"a\"\nschema = \"users.yml\"\nenabled = true\n"));
  ASSERT_TRUE(loaded.config);
  ASSERT_EQ(loaded.diagnostics.sorted().size(), 1U);
  EXPECT_EQ(loaded.diagnostics.sorted()[0].severity, Severity::note);
  EXPECT_EQ(loaded.diagnostics.sorted()[0].at.line, 6);
}

TEST(Loader, unreadable_files_are_errors_of_one_sentence) {
  Folder folder;
  for (const std::string& path :
       {folder.path() + "/nowhere.toml", folder.path(), std::string("/dev/zero"), std::string()}) {
    const auto config = load_config(path);
    ASSERT_FALSE(config) << path;
    EXPECT_EQ(config.error().kind, ErrorKind::config);
    EXPECT_NE(config.error().what.find("the configuration cannot be read: "), std::string::npos) << config.error().what;
  }
}

TEST(Loader, soft_delete_by_field_finds_the_column_even_inside_an_object) {
  const IndexSchema schema = schema_of(
      "version: 1\ntable: users\nsoft_delete: { field: isGone }\nfields:\n  - object: state\n    fields:\n"
      "      - boolean: isGone\n        column: deleted_flag\n");
  ASSERT_TRUE(schema.soft_delete);
  EXPECT_EQ(schema.soft_delete->column, "deleted_flag");
  EXPECT_EQ(schema.soft_delete->name, "isGone");
}

TEST(Loader, filter_operands_keep_their_text) {
  const IndexSchema schema = schema_of(
      "version: 1\ntable: users\nfilters:\n  - { column: a, op: in, value: [1.50, 0x10, true, 0123, 'x y', "
      "123456789012345678901] }\n"
      "fields:\n  - keyword: email\n");
  const auto& compare = std::get<FilterCompare>(schema.filters->at(0).condition);
  EXPECT_EQ(compare.operands, (std::vector<std::string>{"1.50", "16", "true", "0123", "x y", "123456789012345678901"}));
}

TEST(Loader, column_defaults_to_the_folded_document_key) {
  const IndexSchema schema = schema_of(
      "version: 1\ntable: users\nprimary_key: id\nfields:\n  - keyword: fullName\n"
      "  - { belongs_to: CreatedBy, table: users, primary_key: id, fields: [{long: id}] }\n");
  EXPECT_EQ(std::get<ColumnField>(schema.fields[0].source).column, "fullname");
  EXPECT_EQ(std::get<JoinField>(schema.fields[1].source).key, (KeyColumns{"createdby"}));
}

TEST(Loader, related_tables_inherit_the_schema_of_the_root) {
  const IndexSchema schema = schema_of(
      "version: 1\ntable: users\nschema: shop\nprimary_key: id\nfields:\n"
      "  - { many_to_many: t, table: tags, schema: shared, primary_key: id, fields: [{long: id}],\n"
      "      through: { table: j, left_key: a, right_key: b } }\n"
      "  - { count: n, table: orders, foreign_key: user_id }\n");
  const auto& join = std::get<JoinField>(schema.fields[0].source);
  EXPECT_EQ(join.table, (TableRef{"shared", "tags"}));
  EXPECT_EQ(join.through->table, (TableRef{"shop", "j"}));
  EXPECT_EQ(std::get<AggregateField>(schema.fields[1].source).table, (TableRef{"shop", "orders"}));
}

// Whatever a file holds, reading it gives a value or diagnostics. The seed is printed with every failure.
TEST(Loader, mutated_files_never_crash) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::vector<std::string> texts;
  for (const char* name : {"schema/every_kind.schema.yml", "schema/yaml_forms.schema.yml",
                           "schema/beyond_plain_names.schema.yml", "config/everything.toml"})
    texts.push_back(test::read_file(test::source_path(std::string("tests/corpus/good/") + name)));
  const std::string alphabet = "\n :-[]{}'\"&*!|>#%@,?=0x~.\\\t<";
  for (int round = 0; round < 2000; ++round) {
    const std::size_t which = random() % texts.size();
    std::string text = texts[which];
    for (std::uint64_t edits = 1 + random() % 6; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      const std::size_t length = std::min<std::size_t>(1 + random() % 20, text.size() - at);
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        case 2:
          text.erase(at, length);
          break;
        default:
          text.insert(random() % text.size(), text.substr(at, length));
          break;
      }
      if (text.empty()) text = " ";
    }
    Diagnostics report;
    report.add_source("f", text, Excerpts::plain);
    Reading reading("f", report);
    if (which == 3) {
      (void)read_config(text, reading);
    } else if (auto schema = read_schema(text, reading)) {
      (void)validate_schema(*schema);
    }
    (void)report.render_errors();
  }
}

}  // namespace
}  // namespace flusso::config
