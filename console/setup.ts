/** What the server of the page says of where it runs. */
export interface Setup {
  readonly api: string;
  /** What the data is of, such as `AWS, stage dev`. */
  readonly where?: string;
  readonly version?: string;
  /** Where the local stack shows its captured messages. */
  readonly messages?: string;
}

export async function readSetup(): Promise<Setup> {
  const response = await fetch('/console/config.json');
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Setup;
}
