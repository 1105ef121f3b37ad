import {
  findNameFaults,
  findPairFaults,
  findPlaces,
  findValueFaults,
  listGiven,
  type StackParameter,
} from '../../../infra/deploy/deploy-parameters';
import { template } from '../template/template';

const known = ['detector', 'email', 'oidcIssuer', 'oidcAudience', 'kmsKeyArn'];
const faultsOf = (typed: readonly string[], written?: unknown) => [
  ...findNameFaults(listGiven(typed, written), known),
];

describe('a parameter of the deploy', () => {
  it.each([
    ['oidcissuer', 'did you mean oidcIssuer?'],
    ['OidcIssuer', 'did you mean oidcIssuer?'],
    ['oidc-issuer', 'did you mean oidcIssuer?'],
    ['detektor', 'did you mean detector?'],
    ['emails', 'did you mean email?'],
    ['kmsKey', 'did you mean kmsKeyArn?'],
    ['region', 'there are detector, email, kmsKeyArn, oidcAudience, oidcIssuer'],
    ['__proto__', 'there are detector, email, kmsKeyArn, oidcAudience, oidcIssuer'],
  ])('that is called %s is refused, and the error names the nearest one', (name, hint) => {
    expect(faultsOf([`${name}=x`])).toEqual([`--param: no parameter is called "${name}"; ${hint}`]);
  });

  it.each(['KillSwitch', 'killswitch', 'kill-switch', 'killSwich'])(
    'that is called %s no longer exists, and the error names the command to use instead',
    (name) => {
      expect([...findNameFaults(listGiven([`${name}=on`], {}), [...known, 'killSwitch'])]).toEqual([
        `--param: no parameter is called "${name}"; no deploy turns the kill switch: run cordon --aws kill-switch on, or off`,
      ]);
    },
  );

  it('that is of an earlier version is not offered', () => {
    const [fault] = findNameFaults(listGiven(['region=x'], {}), [...known, 'killSwitch']);
    expect(fault).toMatch(/there are detector, email, kmsKeyArn, oidcAudience, oidcIssuer$/);
  });

  it('that is known passes, with any value, also one with an equals sign', () => {
    expect(faultsOf(['email=a@example.com', 'oidcIssuer=https://x/?a=b'])).toEqual([]);
  });

  it('is refused in serverless.yml as well, for the default and for every stage', () => {
    expect(faultsOf([], { default: { emial: 'x' }, prod: { detector: 'both', kmskeyarn: 'x' } })).toEqual([
      'serverless.yml, params.default: no parameter is called "emial"; did you mean email?',
      'serverless.yml, params.prod: no parameter is called "kmskeyarn"; did you mean kmsKeyArn?',
    ]);
  });

  it('is given once, or it would be left to chance which value counts', () => {
    expect(faultsOf(['email=a@example.com', 'email=b@example.com'])).toEqual([
      '--param: email is given more than once; give it once',
    ]);
  });
});

describe('the value of a parameter', () => {
  const wrong = (ParameterKey: string, ParameterValue: unknown) => [
    ...findValueFaults([{ ParameterKey, ParameterValue } satisfies StackParameter], {
      ...(template.Parameters as Record<string, { Type: string }>),
      Switch: { Type: 'String', AllowedValues: ['off', 'on'], Description: 'a switch' },
    }),
  ];

  it.each([
    ['KmsKeyArn', 'my-key', /^--param: kmsKeyArn is "my-key": expected what matches .*arn:aws/],
    ['Switch', 'yes', /^--param: switch is "yes": expected off or on \(a switch\)$/],
    ['Switch', true, /^--param: switch is true: expected a text/],
    ['PermissionsBoundary', 'Boundary', /^--param: permissionsBoundary is "Boundary": expected what matches/],
    ['RolePath', 'cordon', /^--param: rolePath is "cordon": expected what matches/],
    ['RolePath', '/cordon', /^--param: rolePath is "\/cordon": expected what matches/],
    ['RolePath', '//', /^--param: rolePath is "\/\/": expected what matches/],
    ['RolePath', `/${'p'.repeat(511)}/`, /expected at most 512 characters/],
    ['LogKmsKeyArn', 'alias/logs', /^--param: logKmsKeyArn is "alias\/logs": expected what matches/],
    ['ConsoleOrigin', 'https://console.example.com/', /^--param: consoleOrigin is .*: expected what matches/],
    ['OidcGroupClaim', '', /^--param: oidcGroupClaim is "": expected a text that is not empty/],
    ['ConsoleScopes', 'email', /^--param: consoleScopes is "email": expected what matches .*openid/],
    ['SlackTokenParameter', 'slack', /^--param: slackTokenParameter is "slack": expected what matches/],
  ])('%s %j is refused before the deploy begins', (key, value, fault) => {
    expect(wrong(key, value)).toEqual([expect.stringMatching(fault)]);
  });

  it.each([
    [
      'https://issuer',
      '',
      ['--param: oidcIssuer needs oidcAudience too: give the client ids whose tokens the API accepts'],
    ],
    [
      '',
      'client',
      ['--param: oidcAudience needs oidcIssuer too: give the URL of the provider that signs the tokens'],
    ],
    ['https://issuer', 'client', []],
    ['', '', []],
  ])('of the issuer %j goes with that of the audience %j, or is refused', (issuer, audience, faults) => {
    const values = [
      { ParameterKey: 'OidcIssuer', ParameterValue: issuer },
      { ParameterKey: 'OidcAudience', ParameterValue: audience },
    ];
    expect([...findPairFaults(values)]).toEqual(faults);
  });

  it.each([
    ['web', 'cli, web', []],
    [
      'other',
      'cli,web',
      [expect.stringMatching(/^--param: consoleClientId is "other", which oidcAudience lacks/)],
    ],
    ['web', '', [expect.stringMatching(/^--param: consoleClientId is "web", which oidcAudience lacks/)]],
  ])('of the console %j is one of the audience %j, or is refused', (client, audience, faults) => {
    const values = [
      { ParameterKey: 'OidcIssuer', ParameterValue: audience && 'https://issuer' },
      { ParameterKey: 'OidcAudience', ParameterValue: audience },
      { ParameterKey: 'ConsoleClientId', ParameterValue: client },
    ];
    expect([...findPairFaults(values)]).toEqual(faults);
  });

  it('is refused where it was given: the command line goes before the stage, and that before the default', () => {
    const written = {
      default: { oidcIssuer: 'https://issuer', rolePath: 'a', kmsKeyArn: 'b' },
      prod: { kmsKeyArn: 'c', rolePath: 'd' },
      dev: { consoleScopes: 'e' },
    };
    const placeOf = findPlaces(listGiven(['rolePath=f'], written), 'prod');
    const values = [
      { ParameterKey: 'RolePath', ParameterValue: 'f' },
      { ParameterKey: 'KmsKeyArn', ParameterValue: 'c' },
      { ParameterKey: 'OidcIssuer', ParameterValue: 'https://issuer' },
      { ParameterKey: 'ConsoleClientId', ParameterValue: 'web' },
    ];

    const faults = [
      ...findValueFaults(values, template.Parameters as Record<string, { Type: string }>, placeOf),
      ...findPairFaults(values, placeOf),
    ];

    expect(faults.map((fault) => fault.split(' ').slice(0, 3).join(' '))).toEqual([
      '--param: rolePath is',
      'serverless.yml, params.prod: kmsKeyArn',
      'serverless.yml, params.default: oidcIssuer',
      '--param: consoleClientId is',
    ]);
  });

  it('is accepted if CloudFormation accepts it', () => {
    for (const [key, { Default }] of Object.entries(template.Parameters))
      if (typeof Default === 'string') expect(wrong(key, Default)).toEqual([]);
    expect(wrong('ConsoleOrigin', 'https://console.example.com')).toEqual([]);
    expect(wrong('RolePath', '/security/cordon/')).toEqual([]);
    expect(wrong('PermissionsBoundary', 'arn:aws-us-gov:iam::123456789012:policy/team/limit')).toEqual([]);
  });
});
