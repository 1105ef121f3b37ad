import type * as z from 'zod/mini';

/**
 * Everything that cordon.yml, `cordon check`, the stack and the docs need to know about a channel. Descriptors import
 * no code of a function: `infra/`, `cli/` and `shared/config/` read them. `S` is the channel's section of `notify:` in
 * cordon.yml.
 */
export type ChannelDescriptor<S = unknown> = ServedDescriptor<S> | SubscribedDescriptor<S>;

interface ChannelWords<S> {
  /** Its name for people. */
  readonly title: string;
  /** How it shows a case to people, for the docs. */
  readonly shows: string;
  /** Its section of cordon.yml, if there is one. */
  readonly section: z.ZodMiniType<S>;
  /** The receivers, such as `Slack #iot-security`; empty if the section names none. */
  listTold(section: S): readonly string[];
  /** Further lines of `cordon check`. */
  explain?(section: S): readonly string[];
  /** Faults of the section. */
  findFaults?(section: S): readonly SectionFault[];
  /** What a person still has to do after writing the section; this is not an error. */
  findWarnings?(section: S): readonly string[];
}

interface SectionFault {
  /** Below the section. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A channel with a function of its own, and so with a queue, a dead-letter queue, alarms and a role. */
export interface ServedDescriptor<S = unknown> extends ChannelWords<S> {
  readonly delivery: 'function';
  /** Who reads the channel: announcements for other systems only do not go to people. */
  readonly audience: 'people' | 'everyone';
  /** The channel can change a shown message without notifying people again, so it gets each new number of a storm. */
  readonly changesMessages?: true;
  /** Without it the function needs no secret: IAM says what it may do. */
  readonly secret?: ChannelSecret;
  /** Base URL of the service, if the secret does not say it; another one in tests. */
  readonly endpoint?: { readonly url: string; readonly what: string };
  readonly limits: {
    /** Between two calls, once the service has said that it is busy. */
    readonly gapMs: number;
    /** A service that has not answered by then counts as unavailable. */
    readonly answerMs: number;
  };
  /** The rights of its function in AWS, beside those of every channel. */
  rights?(section: S): readonly ChannelRight[];
  /** The channel's buttons. `operate` has their handler, under the route. */
  readonly buttons?: { readonly route: `POST /${string}`; readonly secret: ChannelSecret };
  /** Page of docs/runbooks; by default the one of all channels. */
  readonly runbook?: string;
  /**
   * How `cordon doctor` asks the service whether the secret works. Without this, or without a result, only a test
   * message of the channel's own function shows it.
   */
  examine?(exam: ChannelExam<S>, ask: AskService): Promise<ChannelExamined | undefined>;
}

interface ChannelExam<S> {
  readonly secret: string;
  /** Base URL of the service. */
  readonly endpoint: string;
  readonly section: S;
  readonly sendTest: boolean;
}

/** The answer of a service's API. Other fields stay as the service sent them. */
export interface ServiceAnswer {
  readonly ok: boolean;
  readonly error?: string;
  /** What the token may do, if the service says so. */
  readonly scopes?: readonly string[];
  readonly [field: string]: unknown;
}

/** Asks the API of a service with a bearer token and a form. */
export type AskService = (
  url: string,
  token: string,
  body: Readonly<Record<string, string>>,
) => Promise<ServiceAnswer>;

export type ChannelExamined =
  | { readonly is: 'well' | 'wrong'; readonly what: string }
  /** Nothing is wrong, but a note is useful: why, and the page about it. */
  | { readonly is: 'unsure'; readonly what: string; readonly why: string; readonly mend: string };

/** A channel that SNS serves without a function of Cordon. */
export interface SubscribedDescriptor<S = unknown> extends ChannelWords<S> {
  readonly delivery: 'subscription';
  readonly protocol: 'email';
  listEndpoints(section: S): readonly string[];
}

/** A secret, named in Parameter Store or in Secrets Manager. */
export interface ChannelSecret {
  /** The beginning of the template's parameters: `SlackToken` makes `SlackTokenParameter` and `SlackTokenSecret`. */
  readonly id: string;
  /** The end of the parameter's name: `/cordon-STAGE/NAME`. */
  readonly name: string;
  readonly what: string;
  /** An example value, for the commands that people are shown. */
  readonly example: string;
}

export interface ChannelRight {
  readonly actions: readonly string[];
  readonly service: string;
  /** The part of the ARN after the account; if it has two parts, the account stands between them again. */
  readonly resource: string | readonly [before: string, after: string];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}
