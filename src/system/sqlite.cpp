#include "system/sqlite.h"

#include "system/files.h"

#include <sqlite3.h>

namespace mixagent {
namespace {

tl::unexpected<Error> sqlite_error(sqlite3* database, const char* what) {
  const char* file = sqlite3_db_filename(database, "main");
  return fail(ErrorCode::io, std::string(what) + ": " + sqlite3_errmsg(database),
              file != nullptr ? file : "");
}

Result<void> create_file(const std::filesystem::path& path) {
  MIX_TRY([[maybe_unused]] const auto file, AppendFile::open(path));
  return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Statement& Statement::bind(std::int64_t value) {
  bind_error_ |= sqlite3_bind_int64(statement_.get(), next_++, value);
  return *this;
}

Statement& Statement::bind(double value) {
  bind_error_ |= sqlite3_bind_double(statement_.get(), next_++, value);
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  const auto length = static_cast<int>(value.size());
  bind_error_ |=
      sqlite3_bind_text(statement_.get(), next_++, value.data(), length, SQLITE_TRANSIENT);
  return *this;
}

Result<bool> Statement::step() {
  sqlite3* database = sqlite3_db_handle(statement_.get());
  if (bind_error_ != SQLITE_OK) return sqlite_error(database, "cannot bind");
  const int status = sqlite3_step(statement_.get());
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return sqlite_error(database, "the database refused");
}

Result<void> Statement::run() {
  for (;;) {
    const auto row = step();
    if (row && *row) continue;
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    next_ = 1;
    bind_error_ = SQLITE_OK;
    if (!row) return fail(row.error());
    return {};
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return text != nullptr
             ? std::string(static_cast<const char*>(static_cast<const void*>(text)), length)
             : std::string();
}

Result<Database> Database::open(const std::filesystem::path& path) {
  MIX_OK(make_directories(path.parent_path()));
  // SQLite would create the file with the process's umask.
  if (!file_exists(path)) MIX_OK(create_file(path));
  sqlite3* raw = nullptr;
  const int status =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(raw);
  if (status != SQLITE_OK) return sqlite_error(raw, "cannot open the database");
  sqlite3_busy_timeout(raw, 2000);
  MIX_OK(database.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_error(database_.get(), "the database refused");
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    return sqlite_error(database_.get(), "the database refused");
  }
  return Statement(statement);
}

}  // namespace mixagent
