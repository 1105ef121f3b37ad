import { connect as connectMqtt, type IClientOptions, type MqttClient } from 'mqtt';
import { describeError } from '../describe-error';
import { stepTimeoutMs } from './network';

/** One MQTT connection for a series of questions. After it ends, every answer is the reason for its end. */
export interface Conversation {
  subscribe(topic: string): Promise<'ok' | 'refused' | 'ended'>;
  publish(topic: string, payload: Buffer): Promise<'ok' | 'ended'>;
  /** The first message that `accept` understands. */
  hear<T>(
    accept: (topic: string, payload: Buffer) => T | undefined,
    withinMs: number,
  ): Promise<T | undefined>;
  close(): void;
}

/** Connects, or returns why it can't. */
export function openConversation(options: IClientOptions): Promise<Conversation | string> {
  return new Promise((resolve) => {
    const client = connectMqtt(options);
    let isConnected = false;
    client.once('connect', () => {
      isConnected = true;
      resolve(converse(client));
    });
    const fail = (reason: string): void => {
      if (isConnected) return;
      client.end(true);
      resolve(reason);
    };
    client.on('error', (error) => fail(describeError(error)));
    client.once('close', () => fail('closed by the broker'));
  });
}

function converse(client: MqttClient): Conversation {
  const ended = new Promise<'ended'>((resolve) => client.once('close', () => resolve('ended')));
  const withEnd = <T>(answer: Promise<T>): Promise<T | 'ended'> =>
    Promise.race([answer, ended, later(stepTimeoutMs, 'ended' as const)]);
  return {
    subscribe: (topic) =>
      withEnd(
        new Promise<'ok' | 'refused' | 'ended'>((resolve) => {
          client.subscribe(topic, { qos: 1 }, (error, _topics, answer) => {
            resolve(error ? (answer ? 'refused' : 'ended') : 'ok');
          });
        }),
      ),
    publish: (topic, payload) =>
      withEnd(
        new Promise<'ok' | 'ended'>((resolve) => {
          client.publish(topic, payload, { qos: 1 }, (error) => resolve(error ? 'ended' : 'ok'));
        }),
      ),
    hear: (accept, withinMs) =>
      Promise.race([
        new Promise<ReturnType<typeof accept>>((resolve) => {
          client.on('message', (topic, payload) => {
            const heard = accept(topic, payload);
            if (heard !== undefined) resolve(heard);
          });
        }),
        ended.then(() => undefined),
        later(withinMs, undefined),
      ]),
    close: () => client.end(true),
  };
}

/** Does not keep the program from ending. */
function later<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}
