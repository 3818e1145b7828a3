#include "frontend/json/dialect.h"
namespace rondo {
bool is_keras(const Json& document) { return document.has("trainable_params"); }
Result<Graph> read_keras_json(const JsonSource& source) { return source.document.refused("?"); }
}
