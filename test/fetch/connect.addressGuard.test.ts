import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { AddressGuard, isSameAddress, literalOf } from '../../plugin/fetch/connect/addressGuard.ts';
import { parseUrl } from '../../plugin/fetch/http/parseUrl.ts';
import { parseAllowNetworks } from '../../plugin/settings/allowNetworks.ts';
import { loadConfig } from '../../plugin/settings/loadConfig.ts';

const DEFAULTS = loadConfig({ environment: {} });

function guardWith(allowNetworks = ''): AddressGuard {
  return new AddressGuard({ ...DEFAULTS, allowNetworks: parseAllowNetworks(allowNetworks).networks });
}

function codeOf(guard: AddressGuard, address: string, port = 80): string {
  const verdict = guard.checkAddress(address, port);
  return verdict.allowed ? 'allowed' : verdict.code;
}

/** First and last of each network, and what lies between in the famous ones. */
const BLOCKED = `
  0.0.0.0 0.255.255.255 10.0.0.0 10.1.2.3 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255
  127.0.0.0 127.0.0.1 127.1.2.3 127.255.255.255 169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255
  172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.192 192.0.0.255 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1
  192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.255
  224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255 168.63.129.16
  :: ::1 ::2 ::7f00:1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
  64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::1 64:ff9b:1:ffff::10.0.0.1 100::1 100:0:0:1::1
  2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:1ff:ffff::1
  2001:db8::1 2001:db8:ffff::1 2002:: 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1 2620:4f:8000::1
  3ffe::1 3fff::1 3fff:fff:ffff::1 4000::1 5f00::1 8000::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%lo febf::1 fec0::1
  ff02::1 ff0e::1 1fff::1 200::1 400::1
  2a00:1450::5efe:7f00:1 2a00:1450::200:5efe:10.0.0.1 2a00:1450::100:5efe:192.168.1.1
`
  .trim()
  .split(/\s+/);

const PUBLIC = `
  1.0.0.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
  172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0
  198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255 168.63.129.15 168.63.129.17
  2000::1 2001:200::1 2001:4860:4860::8888 2001:db7::1 2001:db9::1 2003::1 2606:4700::1111 2a00:1450::1 3ffd::1
  2a00:1450::5efe:8.8.8.8
`
  .trim()
  .split(/\s+/);

describe('the address guard', () => {
  for (const address of BLOCKED) {
    it(`blocks ${address}`, () => assert.equal(codeOf(guardWith(), address), 'blocked-address'));
  }

  for (const address of PUBLIC) {
    it(`allows ${address}`, () => assert.equal(codeOf(guardWith(), address), 'allowed'));
  }

  it('blocks what is no address at all', () => {
    for (const text of [
      '',
      'localhost',
      '127.1',
      '0x7f000001',
      '2130706433',
      '1.2.3.4.5',
      '[::1]',
      '::1/128',
      '127.0.0.1\n',
    ])
      assert.equal(codeOf(guardWith('0.0.0.0/0,::/0'), text), 'blocked-address', text);
  });

  it('never allows an IPv4 address in a mapped spelling that it blocks in the plain one', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        if (codeOf(guardWith(), `::ffff:${address}`) === 'allowed')
          assert.equal(codeOf(guardWith(), address), 'allowed');
        assert.equal(codeOf(guardWith('127.0.0.0/8'), `::ffff:${address}`) === 'allowed', address.startsWith('127.'));
      }),
    );
  });

  it('allows no IPv6 address that a second opinion calls special', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        if (codeOf(guardWith(), address) === 'allowed') assert.equal(ipaddr.parse(address).range(), 'unicast');
      }),
      { numRuns: 1000 },
    );
  });

  it('allows no IPv4 address that a second opinion calls special', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        if (codeOf(guardWith(), address) === 'allowed') assert.equal(ipaddr.parse(address).range(), 'unicast');
      }),
      { numRuns: 1000 },
    );
  });

  it('judges every numeric spelling of a host as the address it means', () => {
    const spellings = [
      '127.1',
      '0177.1',
      '0x7f.0.0.1',
      '2130706433',
      '017700000001',
      '0x7f000001',
      '127.0.1',
      '127.0.0.1.',
      '１２７.0.0.1',
      '127。0。0。1',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[0:0:0:0:0:ffff:127.0.0.1]',
      '%31%32%37.0.0.1',
      '[::127.0.0.1]',
      '0',
      '0x0',
    ];
    for (const spelling of spellings) {
      const parsed = parseUrl(`http://${spelling}/`);
      assert.equal(parsed.kind, 'ok', spelling);
      const literal = parsed.kind === 'ok' ? literalOf(parsed.url.hostname) : null;
      assert.equal(literal === null ? null : codeOf(guardWith(), literal), 'blocked-address', spelling);
    }
  });

  it('knows a literal from a name', () => {
    assert.equal(literalOf('[::1]'), '::1');
    assert.equal(literalOf('::1'), '::1');
    assert.equal(literalOf('127.0.0.1'), '127.0.0.1');
    assert.equal(literalOf('[fe80::1%lo]'), 'fe80::1%lo');
    assert.equal(literalOf('example.org'), null);
    assert.equal(literalOf('1.example'), null);
  });

  it('reads every address as the URL parser does', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV6(),
          fc.ipV4Extended().map((tail) => `::${tail}`),
        ),
        (address) => {
          if (!URL.canParse(`http://[${address}]/`)) return;
          const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
          assert.equal(isSameAddress(address, canonical), true, `${address} ${canonical}`);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('compares addresses and not their spelling', () => {
    assert.equal(isSameAddress('::ffff:1.2.3.4', '1.2.3.4'), true);
    assert.equal(isSameAddress('2001:4860::1', '2001:4860:0:0::1'), true);
    assert.equal(isSameAddress('fe80::1%lo', 'fe80::1'), true);
    assert.equal(isSameAddress('1.2.3.4', '1.2.3.5'), false);
    assert.equal(isSameAddress('1.2.3.4', ''), false);
  });
});

describe('the port rule', () => {
  const allowed = [80, 443, 1024, 3000, 8000, 8080, 8443, 65535];
  const blocked = [
    0,
    -1,
    1.5,
    1,
    21,
    22,
    23,
    25,
    53,
    81,
    110,
    143,
    445,
    465,
    587,
    993,
    1023,
    3306,
    5432,
    6379,
    11211,
    27017,
    65536,
    Number.NaN,
  ];

  it('allows 80, 443 and from 1024 up less the ports of services', () => {
    for (const port of allowed) assert.equal(codeOf(guardWith(), '8.8.8.8', port), 'allowed', String(port));
    for (const port of blocked) assert.equal(codeOf(guardWith(), '8.8.8.8', port), 'blocked-port', String(port));
  });

  it('answers for a name before its address is known', () => {
    assert.equal(guardWith().checkPort(8080).allowed, true);
    assert.equal(guardWith().checkPort(22).allowed, false);
    assert.equal(guardWith('127.0.0.0/8:22').checkPort(22).allowed, true);
    assert.equal(guardWith('127.0.0.0/8:22').checkPort(23).allowed, false);
    assert.equal(guardWith('127.0.0.0/8:22').checkPort(22, '8.8.8.8').allowed, false);
    assert.equal(guardWith('127.0.0.0/8').checkPort(23).allowed, false);
  });
});

describe('exceptions of the address guard', () => {
  it('leave the rule of ports as it is where they name no port', () => {
    const guard = guardWith('127.0.0.0/8');
    for (const port of [80, 443, 8080, 40_000]) assert.equal(codeOf(guard, '127.9.9.9', port), 'allowed');
    for (const port of [0, 22, 6379]) assert.equal(codeOf(guard, '127.9.9.9', port), 'blocked-port');
  });

  it('allow one port of a network that is named with it', () => {
    const guard = guardWith('127.0.0.1/32:8080,[::1/128]:22');
    assert.equal(codeOf(guard, '127.0.0.1', 8080), 'allowed');
    assert.equal(codeOf(guard, '127.0.0.1', 8081), 'blocked-address');
    assert.equal(codeOf(guard, '127.0.0.1', 22), 'blocked-port');
    assert.equal(codeOf(guard, '127.0.0.2', 8080), 'blocked-address');
    assert.equal(codeOf(guard, '::1', 22), 'allowed');
    assert.equal(codeOf(guard, '::1', 8080), 'blocked-address');
  });

  it('hold for nothing beside them', () => {
    const guard = guardWith('10.1.2.3/16');
    assert.equal(codeOf(guard, '10.1.255.255'), 'allowed');
    assert.equal(codeOf(guard, '10.2.0.0'), 'blocked-address');
    assert.equal(codeOf(guard, '::ffff:10.1.0.1'), 'allowed');
    assert.equal(codeOf(guard, '::10.1.0.1'), 'blocked-address');
    assert.equal(codeOf(guard, '64:ff9b::10.1.0.1'), 'blocked-address');
    assert.equal(codeOf(guard, '2002:a01:1::'), 'blocked-address');
  });

  it('mean the IPv4 network when they are written in the mapped form', () => {
    assert.equal(codeOf(guardWith('::ffff:127.0.0.0/104'), '127.0.0.1'), 'allowed');
    assert.equal(codeOf(guardWith('::ffff:127.0.0.0/104'), '::ffff:127.0.0.1'), 'allowed');
  });

  it('of one family say nothing about the other', () => {
    assert.equal(codeOf(guardWith('::/0'), '127.0.0.1'), 'blocked-address');
    assert.equal(codeOf(guardWith('0.0.0.0/0'), '::1'), 'blocked-address');
    assert.equal(codeOf(guardWith('::/0'), '::ffff:127.0.0.1'), 'blocked-address');
  });

  it('stop the start when they are none', () => {
    for (const cidr of ['localhost', '127.0.0.1', '127.0.0.0/33', '::1/129', '10.0.0.0/', '10.0.0.0/x'])
      assert.throws(() => new AddressGuard({ ...DEFAULTS, allowNetworks: [{ cidr, port: null }] }), TypeError, cidr);
  });

  it('are read from a text, entry by entry', () => {
    assert.deepEqual(parseAllowNetworks(' 127.0.0.0/8, 10.0.0.1/8:8080 ,[::1/128]:8080,::1/128,[fd00::/8] '), {
      networks: [
        { cidr: '127.0.0.0/8', port: null },
        { cidr: '10.0.0.1/8', port: 8080 },
        { cidr: '::1/128', port: 8080 },
        { cidr: '::1/128', port: null },
        { cidr: 'fd00::/8', port: null },
      ],
      errors: [],
    });
    const wrong = [
      'localhost',
      'localhost/8',
      '127.0.0.1',
      '127.0.0.1/33',
      '::1/129',
      '::1',
      '[::1]:80',
      '10.0.0.0/8:0',
      '10.0.0.0/8:65536',
      '10.0.0/8',
      '010.0.0.0/8',
      '10.0.0.0/8:',
      '*',
      '10.0.0.0/-1',
      '1:::/8',
      '::1/128:8080x',
    ];
    for (const entry of wrong) {
      const { networks, errors } = parseAllowNetworks(`127.0.0.0/8,${entry}`);
      assert.equal(networks.length, 1, entry);
      assert.equal(errors.length, 1, entry);
      assert.ok(errors[0]?.includes(JSON.stringify(entry)), entry);
    }
  });
});
