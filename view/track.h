// Which vertex of a stage is which of the stage before: passes rebuild graphs, so identity is found again by likeness.
// Tested by tests/view/track_test.cpp.
#pragma once

#include "view/scene.h"

namespace rondo::view {

/// Numbers the vertices of a first scene from `next_id` on.
void number(Scene& scene, int& next_id);

/// Gives each vertex of `after` the id of the vertex of `before` that it continues, or a fresh one. No id is given
/// twice. What is most alike is matched first: vertices continue only others of the same place in the model and the
/// same operator (a model operator as the core operator of its name).
void track(const Scene& before, Scene& after, int& next_id);

}  // namespace rondo::view
