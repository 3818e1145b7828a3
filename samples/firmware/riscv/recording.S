/* The recordings in samples/recording: 128 bytes of header, then float32. */
        .section .rodata
        .balign 4
        .macro recorded name, file
        .globl \name
\name:  .incbin "\file", 128
        .endm
        recorded sensor, "x.npy"
        .globl sensor_end
sensor_end:
        recorded answers, "y.npy"
        recorded first_h, "h_first.npy"
        recorded first_c, "c_first.npy"
