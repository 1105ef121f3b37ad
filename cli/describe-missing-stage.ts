/** `lacking`: what shows that it is not there, such as `no table cordon-dev`. `more`: what else helps on AWS. */
export function describeMissingStage(
  { stage, isLocal }: { readonly stage: string; readonly isLocal: boolean },
  lacking: string,
  more = '',
): string {
  return isLocal
    ? `the local stack has no stage ${stage} (${lacking}): leave out --stage, or use --aws`
    : `stage ${stage} is not deployed there (${lacking}): check --stage and AWS_REGION${more}`;
}
