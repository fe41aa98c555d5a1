import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HostSites } from '../../plugin/fetch/connect/hostSites.ts';

describe('the site of a host', () => {
  function sites(answers: readonly (readonly string[])[], isDirect = (_host: string) => true) {
    const asked: string[] = [];
    let elapsedMs = 0;
    const found = new HostSites({
      resolver: {
        async resolve(hostname) {
          asked.push(hostname);
          const addresses = answers[Math.min(asked.length, answers.length) - 1] ?? [];
          if (addresses.length === 0) throw new Error('no answer');
          return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }) as const);
        },
      },
      isDirect,
      elapsedMs: () => elapsedMs,
    });
    const pass = (ms: number) => {
      elapsedMs += ms;
    };
    return { found, asked, pass };
  }

  it('is its address and its registrable domain, where customers of a shared host have domains of their own', async () => {
    const { found } = sites([['203.0.113.7']]);
    assert.deepEqual(await found.find('data.north.example.co.uk:8080'), {
      address: '203.0.113.7',
      domain: 'example.co.uk',
    });
    assert.equal((await found.find('alice.github.io')).domain, 'alice.github.io');
    assert.deepEqual(await found.find(''), { address: null, domain: null });
  });

  it('is one network for all IPv6 addresses of a machine, and one address however it is written', async () => {
    const { found } = sites([['2001:db8:1:2:aaaa::1']]);
    assert.equal((await found.find('six.example')).address, '2001:db8:1:2::/64');
    assert.deepEqual(await found.find('[2001:db8:1:2::9]:80'), { address: '2001:db8:1:2::/64', domain: null });
    assert.equal((await found.find('[::ffff:203.0.113.7]')).address, '203.0.113.7');
    assert.equal((await found.find('203.0.113.7:81')).address, '203.0.113.7');
  });

  it('stays while a name server turns its answers round, is asked for once a minute, and follows a move', async () => {
    const { found, asked, pass } = sites([
      ['203.0.113.8', '203.0.113.7'],
      ['203.0.113.6', '203.0.113.7'],
      ['203.0.113.1'],
    ]);
    const addressOf = async () => (await found.find('data.example')).address;
    assert.deepEqual([await addressOf(), await addressOf()], ['203.0.113.7', '203.0.113.7']);
    assert.equal(asked.length, 1);
    pass(61_000);
    assert.equal(await addressOf(), '203.0.113.7');
    pass(61_000);
    assert.equal(await addressOf(), '203.0.113.1');
  });

  it('is where it was connected to, whatever its name server says', async () => {
    const { found } = sites([['203.0.113.7']]);
    await found.find('data.example');
    assert.equal(found.connected('data.example', '203.0.113.99'), '203.0.113.99');
    assert.equal(found.connected('data.example', '::ffff:203.0.113.99'), null);
    assert.equal(found.connected('203.0.113.1', '203.0.113.1'), null);
    assert.equal((await found.find('data.example:8080')).address, '203.0.113.99');
  });

  it('is not known without an answer, nor behind a proxy, which is not asked for', async () => {
    assert.deepEqual(await sites([[]]).found.find('data.example'), { address: null, domain: 'data.example' });
    const { found, asked } = sites([['203.0.113.7']], () => false);
    assert.deepEqual(await found.find('data.example'), { address: null, domain: 'data.example' });
    assert.deepEqual(asked, []);
  });
});
