/* The recordings beside the keyword spotter: 128 bytes of header, then float32. */
        .section .rodata
        .balign 4
        .globl features, features_end, posteriors
features:
        .incbin "features.npy", 128
features_end:
posteriors:
        .incbin "posteriors.npy", 128
