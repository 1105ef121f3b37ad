/**
 * How a pure rule asks for what it can't know. The rule is a generator: it yields a need and is resumed with the answer,
 * so it reads from top to bottom, asks only on the path that depends on the answer, and no other function has to predict
 * which path that is. (The alternative, calling the rule again with more known, has every function in between pass needs
 * upwards.) A room lists its questions as an interface, one method for each: `Q` below.
 */
type Questions<Q> = { readonly [K in keyof Q]: (about: never) => unknown };

type Need<Q extends Questions<Q>> = {
  [K in keyof Q]: { readonly needs: K; readonly about: Parameters<Q[K]>[0] };
}[keyof Q];

/**
 * A rule that may ask, and concludes with a `T`. It is resumed with an answer of the type that its question declares.
 */
export type Asking<Q extends Questions<Q>, T> = Generator<Need<Q>, T, unknown>;

/** The questions, answered by calls to the outside. */
export type Answers<Q extends Questions<Q>> = {
  readonly [K in keyof Q]: (about: Parameters<Q[K]>[0]) => ReturnType<Q[K]> | Promise<ReturnType<Q[K]>>;
};

/** Makes the function that a room asks its questions with. */
export function createNeed<Q extends Questions<Q>>() {
  return function* need<K extends keyof Q>(
    needs: K,
    about: Parameters<Q[K]>[0],
  ): Asking<Q, ReturnType<Q[K]>> {
    return (yield { needs, about }) as ReturnType<Q[K]>;
  };
}

/** Asks outside once, however often the rule comes back to the same question. */
export function* askOnce<Q extends Questions<Q>, T>(asking: Asking<Q, T>): Asking<Q, T> {
  const answers = new Map<string, unknown>();
  let step = asking.next();
  while (!step.done) {
    const key = JSON.stringify(step.value);
    if (!answers.has(key)) answers.set(key, yield step.value);
    step = asking.next(answers.get(key));
  }
  return step.value;
}

/** Runs a rule to its end, answering what it asks one by one. */
export async function resolve<Q extends Questions<Q>, T>(
  asking: Asking<Q, T>,
  answers: Answers<NoInfer<Q>>,
): Promise<T> {
  let step = asking.next();
  while (!step.done) step = asking.next(await findAnswer(step.value, answers));
  return step.value;
}

/** As `resolve`, if every answer is known. */
export function resolveNow<Q extends Questions<Q>, T>(asking: Asking<Q, T>, answers: NoInfer<Q>): T {
  let step = asking.next();
  while (!step.done) step = asking.next(findAnswer(step.value, answers));
  return step.value;
}

function findAnswer<Q extends Questions<Q>>({ needs, about }: Need<Q>, answers: Answers<Q> | Q): unknown {
  return answers[needs](about as never);
}
