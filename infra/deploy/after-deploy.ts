interface Deployed {
  readonly stage: string;
  readonly region: string;
  /** The outputs of the stack. */
  readonly outputs: Readonly<Record<string, string>>;
  /** How this person runs `cordon`. */
  readonly command: string;
}

/** The next steps of the person who deployed. */
export function describeDeployed({ stage, region, outputs, command }: Deployed): string {
  const { ApiUrl = 'the stack has no such output', Version = 'of an unknown version' } = outputs;
  const cordon = `AWS_REGION=${region} ${command} --aws --stage ${stage}`;
  return [
    `Cordon ${Version} is deployed as stage ${stage} in ${region}.`,
    `ApiUrl: ${ApiUrl}`,
    'Next:',
    `  ${cordon} doctor          # whether everything works`,
    `  ${cordon} enroll THING    # a first device`,
  ].join('\n');
}
