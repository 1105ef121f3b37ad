import { openScreen } from '../../../cli/look/style';

describe('the screen', () => {
  it.each([
    ['npx cordon', { npm_command: 'exec' }],
    ['cordon', { npm_command: 'run-script' }],
    ['cordon', {}],
  ])('knows that the reader typed %s by %j, on a terminal and elsewhere', (command, env) => {
    const screens = [true, false].map((isTTY) => openScreen({ isTTY, columns: 80 }, env));

    expect(screens.map((screen) => screen.command)).toEqual([command, command]);
  });
});
