#include "system/sqlite.h"

#include "support/temp_repo.h"

#include <doctest/doctest.h>

namespace mixagent {
namespace {

TEST_CASE("values go in and come out, statements are used again") {
  TempDir dir;
  auto database = Database::open(dir.path() / "new/folder/db");
  REQUIRE_MESSAGE(database, describe(database.error()));
  REQUIRE(database->execute("CREATE TABLE t(i INTEGER, r REAL, s TEXT) STRICT"));
  auto insert = database->prepare("INSERT INTO t VALUES(?,?,?)");
  REQUIRE(insert);
  const std::string odd = std::string("a\0b", 3) + "'; DROP TABLE t; --";
  REQUIRE(insert->bind(std::int64_t{9'000'000'000'000'000'000}).bind(0.5).bind(odd).run());
  REQUIRE(insert->bind(std::int64_t{-1}).bind(2.0).bind("").run());
  auto query = database->prepare("SELECT i, r, s FROM t ORDER BY i DESC");
  REQUIRE(query);
  REQUIRE(query->step().value());
  CHECK(query->integer(0) == 9'000'000'000'000'000'000);
  CHECK(query->real(1) == 0.5);
  CHECK(query->text(2) == odd);
  REQUIRE(query->step().value());
  CHECK(query->text(2).empty());
  CHECK_FALSE(query->step().value());
}

TEST_CASE("errors say which file and what") {
  TempDir dir;
  auto database = Database::open(dir.path() / "db");
  REQUIRE(database);
  const auto bad = database->execute("NONSENSE");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().where.find("/db") != std::string::npos);
  CHECK(bad.error().what.find("syntax error") != std::string::npos);
  CHECK_FALSE(database->prepare("SELECT * FROM missing"));
  auto none = database->prepare("SELECT 1");
  REQUIRE(none);
  CHECK_FALSE(none->bind(std::int64_t{1}).step());  // nothing to bind to
}

}  // namespace
}  // namespace mixagent
