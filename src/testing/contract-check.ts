/**
 * One check of a contract. A contract suite is a list of them: run each as a test of its own, in
 * whatever test runner you use.
 */
export interface ContractCheck {
  /** What is kept, as the name of a test: "is a function of its arguments". */
  readonly name: string;
  /** Throws, or rejects with, an Error that says what is not kept. */
  run(): void | Promise<void>;
}
