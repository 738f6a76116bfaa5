/**
 * Where the calling thread's part of the memory begins: several threads may work in one memory,
 * each with scratch of its own. Every pointer that comes from outside is counted from here.
 */
@external("env", "base")
export declare const BASE: usize;
