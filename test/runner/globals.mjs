// The part of `@jest/globals` that the tests use, as Jest's own runtime exports it.
const environment = () => globalThis[Symbol.for('cordon.jest-environment')];
const timers = () => environment().fakeTimersModern;
const mocker = () => environment().moduleMocker;

export const jest = {
  fn: (implementation) => mocker().fn(implementation),
  spyOn: (object, method) => mocker().spyOn(object, method),
  useFakeTimers: (options) => timers().useFakeTimers(options),
  useRealTimers: () => timers().useRealTimers(),
  advanceTimersByTime: (ms) => timers().advanceTimersByTime(ms),
  advanceTimersByTimeAsync: (ms) => timers().advanceTimersByTimeAsync(ms),
};
