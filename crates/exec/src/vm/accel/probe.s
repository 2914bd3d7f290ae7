# A guest of one boot sector that asks: does this accelerator run a kernel?
#
# It enters long mode and does at privilege level 0 what every kernel does early:
# takes an interrupt (int3), cmpxchg16b, xsave and xrstor64, and 50 million turns of
# a loop, which take milliseconds when the processor runs them and minutes when they
# are emulated one by one. Then it prints "RUNS" on the first serial port.
#
#   as probe.s -o probe.o && ld -Ttext 0x7c00 --oformat binary probe.o -o probe.bin
        .globl _start
        .code16
_start: cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        # page tables: 0x1000, 0x2000, 0x3000, identity for the first 2 MiB; IDT at 0x4000
        movw    $0x1000, %di
        movw    $0x1000, %cx
        xorl    %eax, %eax
        rep stosl
        movw    $0x2003, 0x1000
        movw    $0x3003, 0x2000
        movw    $0x0083, 0x3000
        movl    $0x1000, %eax
        movl    %eax, %cr3
        movl    $0x620, %eax            # PAE, OSFXSR, OSXMMEXCPT
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx       # EFER.LME
        rdmsr
        orl     $0x100, %eax
        wrmsr
        lgdt    gdtr
        movl    $0x80000013, %eax       # PG, ET, MP, PE
        movl    %eax, %cr0
        ljmp    $8, $long
        .code64
long:   # gate 3
        movl    $hand, %eax
        movw    %ax, 0x4030
        movw    $8, 0x4032
        movw    $0x8e00, 0x4034
        lidt    idtr
        xorl    %ebp, %ebp
        int3
        cmpl    $1, %ebp
        jne     fail
        movl    $1, %eax
        cpuid
        movl    %ecx, %r8d
        btl     $13, %r8d
        jnc     1f
        xorl    %eax, %eax
        xorl    %edx, %edx
        lock cmpxchg16b 0x6000
1:      btl     $26, %r8d
        jnc     2f
        movl    $0x40620, %eax          # and OSXSAVE
        movq    %rax, %cr4
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        movl    $3, %eax
        xsetbv
        xsave64 0x6040
        xrstor64 0x6040
2:      movl    $50000000, %ecx
3:      decl    %ecx
        jnz     3b
        movl    $said, %esi
        movl    $5, %ecx
        movw    $0x3f8, %dx
        rep outsb
fail:   hlt
        jmp     fail
hand:   incl    %ebp
        iretq
said:   .ascii  "RUNS\n"
        .balign 8
gdt:    .quad   0, 0x00209a0000000000
gdtr:   .word   15
        .long   gdt
idtr:   .word   0x3f
        .quad   0x4000
        .org    510
        .word   0xaa55
