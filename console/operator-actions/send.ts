import { ApiError, type Client, thingPath } from '../api/client';
import { hurry } from '../api/live';
import type { CommandAnswer, OperatorAction } from '../api/types';
import { showToast } from '../parts/toasts';
import { actionWords } from '../words/operator-actions';
import { followCommand } from './follow';

/** Sends a command and reports its outcome. Returns the reason if the API did not accept it. */
export async function sendCommand(
  client: Client,
  act: OperatorAction,
  thingName: string,
  body: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  try {
    const { commandId, secondPerson } = await client.post<CommandAnswer>(
      `/things/${thingPath(thingName)}/${act}`,
      body,
    );
    const waits = secondPerson ? ' It waits for a second person.' : '';
    showToast('good', `${thingName}: ${actionWords[act].sent.toLowerCase()} sent.${waits}`);
    hurry();
    void followCommand(client, thingName, commandId);
    return undefined;
  } catch (error) {
    return error instanceof ApiError ? error.message : 'The command could not be sent.';
  }
}
