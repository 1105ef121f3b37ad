import { render } from 'preact';
import { createClient } from './api/client';
import { App } from './app';
import { Notice } from './parts/notice';
import { readSetup } from './setup';

const root = document.getElementById('app');
if (root) void start(root);

async function start(element: HTMLElement): Promise<void> {
  try {
    const setup = await readSetup();
    render(<App client={createClient({ api: setup.api })} setup={setup} />, element);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    render(
      <main>
        <Notice tone="danger" title="The console can’t start">
          {why}
        </Notice>
      </main>,
      element,
    );
  }
}
