// Where the program's memory comes from.
#pragma once

namespace rondo {

/// To be called once, before much is allocated. A model's weights are copied from stage to stage, and each copy in
/// memory that the system has just given costs a page fault every 4 KiB, which is most of the time that a large model's
/// compilation takes. With this, freed memory is kept for the next copy, and the heap begins with kReserved bytes of
/// address space, of which large pages are used as far as they are needed. Blocks larger than kLargest are given back
/// when they are freed, as without it. Does nothing where the C library has no such settings, or the system no room.
void keep_freed_memory();

}  // namespace rondo
