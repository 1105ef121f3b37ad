import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog';
import { areShortcutsOn, listShortcuts, setShortcuts } from './shortcuts';

export function KeyboardHelp({ onClose }: { readonly onClose: () => void }) {
  const [isOn, setIsOn] = useState(areShortcutsOn());
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {listShortcuts().map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close a dialog</dd>
        </div>
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ currentTarget }) => {
            setShortcuts(currentTarget.checked);
            setIsOn(currentTarget.checked);
          }}
        />
        Use these keys in this browser
      </label>
    </Dialog>
  );
}
