import { type RuleMessage, selectPayload } from '../../../../local/aws/mqtt/rule-evaluation';
import { parseRuleSql } from '../../../../local/aws/mqtt/rule-sql';

function aMessage(overrides: Partial<RuleMessage> = {}): RuleMessage {
  return {
    topic: 'cordon/things/mything1/reports/json',
    payload: Buffer.from('{"a":{"b":5},"text":"x","flag":true,"list":[1]}'),
    receivedAt: 1700000000000,
    clientId: 'mything1',
    principal: 'ab12',
    sourceIp: '127.0.0.1',
    ...overrides,
  };
}

function select(sql: string, message = aMessage()): unknown {
  const payload = selectPayload(parseRuleSql(sql), message);
  return payload && JSON.parse(payload.toString());
}

function holds(condition: string): boolean {
  return selectPayload(parseRuleSql(`SELECT * FROM 'a' WHERE ${condition}`), aMessage()) !== undefined;
}

describe('a rule selection', () => {
  it('forwards a binary payload with the facts about its sender', () => {
    const sql =
      "SELECT encode(*, 'base64') AS report, topic(3) AS thing, clientid() AS client, principal() AS principal, timestamp() AS at, sourceip() AS ip FROM 'cordon/things/+/reports/+'";

    expect(select(sql, aMessage({ payload: Buffer.from([0xff, 0x00]) }))).toEqual({
      report: '/wA=',
      thing: 'mything1',
      client: 'mything1',
      principal: 'ab12',
      at: 1700000000000,
      ip: '127.0.0.1',
    });
  });

  it('passes on the bytes of a lone * unchanged', () => {
    const payload = Buffer.from([0xff, 0x00]);

    expect(selectPayload(parseRuleSql("SELECT * FROM 'a'"), aMessage({ payload }))).toEqual(payload);
  });

  it('selects fields, literals and the rest of the payload', () => {
    expect(select("SELECT *, a.b AS five, 'x' AS x, -1.5 AS n, topic() AS t FROM 'a'")).toEqual({
      a: { b: 5 },
      text: 'x',
      flag: true,
      list: [1],
      five: 5,
      x: 'x',
      n: -1.5,
      t: 'cordon/things/mything1/reports/json',
    });
  });

  it('omits missing fields', () => {
    const { clientId: _, principal: __, ...anonymous } = aMessage();

    expect(
      select(
        "SELECT missing, a.missing.more AS m, topic(9) AS t, principal(), clientid() FROM 'a'",
        anonymous,
      ),
    ).toEqual({
      clientid: 'n/a',
    });
  });

  it('reads no inherited properties', () => {
    expect(select("SELECT constructor, a.__proto__ AS p, text.length AS l FROM 'a'")).toEqual({});
  });

  it('gives each message its own id', () => {
    const statement = parseRuleSql("SELECT newuuid() AS id FROM 'a'");

    const [first, second] = [selectPayload(statement, aMessage()), selectPayload(statement, aMessage())];

    expect(first).not.toEqual(second);
  });
});

describe('a rule condition', () => {
  it.each([
    'a.b = 5',
    'a.b <> 4',
    'a.b > 4 AND a.b < 6',
    'a.b >= 5 AND a.b <= 5',
    "text = 'x'",
    'flag = TRUE',
    'flag',
    "NOT (text = 'y')",
    "text = 'y' OR a.b = 5",
    "text = 'x' OR text = 'y' AND a.b = 0",
    "a.b < '10'",
    "topic(3) = 'mything1'",
    "'it''s' = 'it''s'",
  ])('holds: %s', (condition) => {
    expect(holds(condition)).toBe(true);
  });

  it.each([
    'a.b = 4',
    "a.b = '5'",
    'missing = 1',
    'missing <> 1',
    'NOT (missing = 1)',
    'NOT (missing = 1 AND flag)',
    "text < 'y'",
    'text',
    'NOT flag',
  ])('does not hold: %s', (condition) => {
    expect(holds(condition)).toBe(false);
  });
});

describe('parseRuleSql', () => {
  it.each([
    ['', 'Unexpected end of statement: expected SELECT'],
    ['SELECT * FROM a', "Unexpected 'a' at position 15: expected a topic filter in quotes"],
    ["SELECT * FROM 'a/#/b'", '"a/#/b" is no topic filter'],
    ["SELECT * FROM 'a' LIMIT 1", "Unexpected 'LIMIT' at position 19: expected the end of the statement"],
    ["SELECT aws_lambda('x', 'y') AS l FROM 'a'", "Function 'aws_lambda' at position 8 is not emulated"],
    ["SELECT decode(*, 'base64') AS d FROM 'a'", "Function 'decode' at position 8 is not emulated"],
    ["SELECT encode(a, 'base64') AS d FROM 'a'", "Unexpected 'a' at position 15: expected *"],
    ["SELECT encode(*, 'hex') AS d FROM 'a'", "encode() knows 'base64', not 'hex'"],
    ["SELECT topic(0) FROM 'a'", "Unexpected '0' at position 14: expected a topic segment, counted from 1"],
    ["SELECT a + 1 AS b FROM 'a'", 'Unexpected "+" at position 10'],
    ["SELECT a - 1 AS b FROM 'a'", "Unexpected '-' at position 10: expected FROM"],
    ["SELECT 'x' FROM 'a'", "'x' at position 8 needs a name: write AS and a name"],
    ["SELECT a AS from FROM 'a'", "Unexpected 'from' at position 13: expected a name after AS"],
    ["SELECT a[0] AS b FROM 'a'", 'Unexpected "[" at position 9'],
    ["SELECT * FROM 'a' WHERE a IN [1]", 'Unexpected "[" at position 30'],
    ["SELECT * FROM 'a' WHERE (a = 1", 'Unexpected end of statement: expected )'],
    ["SELECT * FROM 'a' WHERE a != 1", 'Unexpected "!" at position 27'],
    ["SELECT * FROM 'a", 'Unexpected "\'" at position 15'],
    [`SELECT * FROM 'a' WHERE ${'('.repeat(5000)}`, 'The condition is nested too deep'],
    [`SELECT * FROM 'a' WHERE ${'NOT '.repeat(5000)} a`, 'The condition is nested too deep'],
  ])('refuses %.60s', (sql, message) => {
    expect(() => parseRuleSql(sql)).toThrow(expect.objectContaining({ name: 'SqlParseException' }));
    expect(() => parseRuleSql(sql)).toThrow(message);
  });
});
