// The page: its HTML with the styles, the scripts and the story put in. Tested by tests/view/page_test.cpp.
#include "page_text.h"
#include "view/story.h"

namespace rondo::view {
namespace {

/// JSON inside a script element: no string in it may end the element or open a comment.
std::string for_script(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (char c : json) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

std::string for_html(std::string_view plain) {
  std::string text;
  for (char c : plain) {
    switch (c) {
      case '<': text += "&lt;"; break;
      case '>': text += "&gt;"; break;
      case '&': text += "&amp;"; break;
      case '"': text += "&quot;"; break;
      default: text += c;
    }
  }
  return text;
}

}  // namespace

std::string Story::page() const {
  const std::pair<std::string_view, std::string> parts[] = {{"<!-- title -->", for_html(shown(title))},
                                                            {"/* styles */", kPageStyles},
                                                            {"/* story */", for_script(json())},
                                                            {"/* scripts */", kPageScripts}};
  std::string page;
  std::string_view rest = kPageHtml;
  for (const auto& [mark, text] : parts) {
    const size_t at = rest.find(mark);
    page += rest.substr(0, at);
    page += text;
    rest.remove_prefix(at + mark.size());
  }
  page += rest;
  return page;
}

}  // namespace rondo::view
