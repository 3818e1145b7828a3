// See model_builder.h.
#include "frontend/json/model_builder.h"

#include <fmt/format.h>

namespace rondo {

Value* ModelBuilder::node(Op op, std::vector<Value*> operands, Attributes attributes, int results) {
  Node* made = graph.append(op, std::move(operands), std::move(attributes), results);
  made->name = fmt::format("{}_{}", info(op).word, graph.nodes.size());
  made->place = fmt::format("{} ({})", pointer, info(op).word);
  return made->result();
}

void ModelBuilder::output(Value* value, std::string name) {
  if (value->name.empty()) value->name = name;
  graph.outputs.push_back(value);
  graph.output_names.push_back(std::move(name));
  graph.declared_outputs.push_back(std::nullopt);
}

}  // namespace rondo
