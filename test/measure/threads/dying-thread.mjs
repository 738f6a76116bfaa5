// Threads for dying-threads.test.ts: the third task ends its thread, the others take a while.
const take = () => new Promise((resolve) => setTimeout(resolve, 20));

export const exit = ({ task }) => (task === 2 ? process.exit(7) : take());

export const crash = ({ task }) => {
  if (task === 2)
    setImmediate(() => {
      throw new Error("crash");
    });
  return take();
};
