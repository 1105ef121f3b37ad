import { type Client, thingPath } from '../api/client';
import { showToast } from '../parts/toasts';

interface RefusalAnswer {
  readonly reason: string;
}

const lookAfterMs = [800, 1_600, 3_200, 6_400];

/** A command may be refused after the API accepted it. The case itself only shows that nothing changed. */
export async function followCommand(client: Client, thingName: string, commandId: string): Promise<void> {
  for (const ms of lookAfterMs) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    try {
      const { reason } = await client.get<RefusalAnswer>(
        `/things/${thingPath(thingName)}/refusals/${commandId}`,
      );
      showToast('danger', `${thingName}: refused. ${reason}`);
      return;
    } catch {
      // 404: not refused so far. The page itself shows any other fault.
    }
  }
}
