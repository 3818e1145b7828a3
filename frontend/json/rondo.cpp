#include "frontend/json/dialect.h"
namespace rondo {
bool is_rondo(const Json& document) { return document.has("rondo"); }
Result<Graph> read_rondo_json(const JsonSource& source) { return source.document.refused("?"); }
}
