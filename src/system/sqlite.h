#pragma once
// SQLite with owners instead of pointers. The only home of sqlite3. A Database belongs to one
// thread at a time.

#include "mixagent/error.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace mixagent {

// One prepared statement. Errors of binding show when stepping.
class Statement {
 public:
  Statement& bind(std::int64_t value);  // in the order of the ?s
  Statement& bind(double value);
  Statement& bind(std::string_view value);

  Result<bool> step();  // true: there is a row
  Result<void> run();   // to the end, rows ignored; then ready for the next bindings
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 1;
  int bind_error_ = 0;
};

class Database {
 public:
  // Created when missing, mode 0600; WAL; waits up to two seconds for another process.
  static Result<Database> open(const std::filesystem::path& path);
  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace mixagent
