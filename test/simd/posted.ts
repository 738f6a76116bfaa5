import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";

/** What another thread gets when a value is posted to it. */
export function posted<T>(value: T): T {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const message = receiveMessageOnPort(port2)?.message as T;
  port1.close();
  return message;
}
