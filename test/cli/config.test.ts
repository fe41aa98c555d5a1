import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ArchiverError } from '../../plugin/errors.ts';
import { describeConfig } from '../../plugin/settings/describeConfig.ts';
import { loadConfig, type SettingSources } from '../../plugin/settings/loadConfig.ts';
import { proxyVariables } from '../../plugin/settings/proxyVariables.ts';
import { SETTING_NAMES, SETTINGS } from '../../plugin/settings/settingsTable.ts';

const load = (environment: Record<string, string>) => loadConfig({ environment });

function reportOf(sources: SettingSources): string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    assert.ok(error instanceof ArchiverError);
    assert.equal(error.code, 'settings-invalid');
    return error.message.split('\n');
  }
  return assert.fail('the settings were accepted');
}

describe('the settings', () => {
  test('have a default each, and every default is what its own kind accepts', () => {
    const config = loadConfig({ environment: {} });
    for (const name of SETTING_NAMES) {
      const setting = SETTINGS[name];
      if (setting.default === null || typeof setting.default === 'object') continue;
      assert.deepEqual(setting.kind.parse(String(setting.default)), { value: setting.default }, name);
      assert.deepEqual(config[name], setting.default, name);
    }
  });

  test('come from the environment before the portal, and from the portal before the defaults', () => {
    const settings = { maxBytes: 5, maxRedirects: 3 };
    const config = loadConfig({ environment: { ARCHIVER_MAX_BYTES: '7' }, settings });
    assert.deepEqual([config.maxBytes, config.maxRedirects, config.hostBurst], [7, 3, 5]);
  });

  test('are frozen to the last member, are plain data, and leave the portal its own objects', () => {
    const hosts = { 'data.example': { headers: { 'x-key': 'a' } } };
    const config = loadConfig({ environment: {}, settings: { hosts } });
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.hosts['data.example']?.headers));
    assert.ok(!Object.isFrozen(hosts['data.example'].headers));
    assert.deepEqual(structuredClone(config), config);
  });

  test('that are set to nothing are not set, except where nothing means none', () => {
    const config = load({ ARCHIVER_MAX_BYTES: '', ARCHIVER_SWEEP_CRON: '', ARCHIVER_BLOCKED_PORTS: ' ' });
    assert.equal(config.maxBytes, 2 ** 30);
    assert.equal(config.sweepCron, '');
    assert.deepEqual(config.blockedPorts, []);
  });

  test('of every kind are read', () => {
    const config = load({
      DATABASE_URL: 'postgresql://portal@localhost/portal',
      ARCHIVER_MONGODB_URL: 'mongodb://a:27017,b:27017/queue?replicaSet=rs0',
      ARCHIVER_RETRY_DELAYS_MS: '1, 2',
      ARCHIVER_DNS_SERVERS: '127.0.0.1:5353,[::1]:53,9.9.9.9,::1',
      ARCHIVER_ALLOW_NETWORKS: '127.0.0.0/8,10.0.0.0/8:8080,[::1/128]:8080,fd00::/8',
      ARCHIVER_PORTS: '80,8000-8100',
      ARCHIVER_VERIFY_SHARE: '0.5',
      ARCHIVER_VERIFY_TLS: '0',
      ARCHIVER_QUIET_HOURS: '22-6',
      ARCHIVER_EXCLUDE_HOSTS: '*.Example.org, data.example',
      ARCHIVER_SWEEP_CRON: '*/10 0-6 * * MON',
      ARCHIVER_PUBLIC_COPIES_URL: 'https://copies.example/archive/',
      ARCHIVER_PRIVATE_FOLDER: '/srv/private-copies',
      ARCHIVER_HOSTS: '{"data.example":{"credential":{"kind":"bearer","token":"t"},"limits":{"burst":2}}}',
    });
    assert.equal(config.databaseUrl, 'postgresql://portal@localhost/portal');
    assert.equal(config.mongodbUrl, 'mongodb://a:27017,b:27017/queue?replicaSet=rs0');
    assert.deepEqual(config.retryDelaysMs, [1, 2]);
    assert.deepEqual(config.dnsServers, [
      { address: '127.0.0.1', port: 5353 },
      { address: '::1', port: 53 },
      { address: '9.9.9.9', port: 53 },
      { address: '::1', port: 53 },
    ]);
    assert.deepEqual(config.allowNetworks, [
      { cidr: '127.0.0.0/8', port: null },
      { cidr: '10.0.0.0/8', port: 8080 },
      { cidr: '::1/128', port: 8080 },
      { cidr: 'fd00::/8', port: null },
    ]);
    assert.deepEqual(config.ports, [
      { from: 80, to: 80 },
      { from: 8000, to: 8100 },
    ]);
    assert.equal(config.verifyShare, 0.5);
    assert.equal(config.verifyTls, false);
    assert.deepEqual(config.quietHours, [22, 6]);
    assert.deepEqual(config.excludeHosts, ['*.example.org', 'data.example']);
    assert.equal(config.sweepCron, '*/10 0-6 * * MON');
    assert.equal(config.publicCopiesUrl, 'https://copies.example/archive');
    assert.deepEqual(config.hosts['data.example']?.limits, { burst: 2 });
  });
});

describe('a wrong setting', () => {
  const WRONG: readonly (readonly [string, string])[] = [
    ['DATABASE_URL', 'mysql://localhost/portal'],
    ['ARCHIVER_SCHEMA', 'a"; drop table resource'],
    ['ARCHIVER_RESOURCE_TABLE', '1resource'],
    ['ARCHIVER_MONGODB_URL', 'localhost:27017'],
    ['ARCHIVER_CONCURRENCY', '0'],
    ['ARCHIVER_RETRY_DELAYS_MS', '1,2,3,4'],
    ['ARCHIVER_STORE', 'ftp'],
    ['ARCHIVER_AZURE_CONTAINER', 'Archive'],
    ['ARCHIVER_GCS_BUCKET', 'a'],
    ['ARCHIVER_S3_ENDPOINT', 'ftp://s3.example'],
    ['ARCHIVER_MAX_BYTES', 'abc'],
    ['ARCHIVER_MAX_BYTES', '-1'],
    ['ARCHIVER_MAX_BYTES', '1.5'],
    ['ARCHIVER_MAX_BYTES', '0x10'],
    ['ARCHIVER_MAX_BYTES', '1e400'],
    ['ARCHIVER_ALLOW_NETWORKS', 'localhost'],
    ['ARCHIVER_ALLOW_NETWORKS', '127.0.0.1/33'],
    ['ARCHIVER_ALLOW_NETWORKS', '127.0.0.0/8:0'],
    ['ARCHIVER_PORTS', '80-70'],
    ['ARCHIVER_PORTS', '70000'],
    ['ARCHIVER_CONNECT_TIMEOUT_MS', '2147483648'],
    ['ARCHIVER_CONNECT_TIMEOUT_MS', '0'],
    ['ARCHIVER_VERIFY_SHARE', '1.1'],
    ['ARCHIVER_VERIFY_SHARE', 'NaN'],
    ['ARCHIVER_DNS_SERVERS', '127.0.0.1:99999'],
    ['ARCHIVER_DNS_SERVERS', 'dns.example:53'],
    ['ARCHIVER_DNS_SERVERS', '127.0.0.1,,9.9.9.9'],
    ['ARCHIVER_HOSTS_FILE', 'maybe'],
    ['ARCHIVER_CONTACT', 'a\r\nX-Evil: 1'],
    ['ARCHIVER_PROXY', 'proxy.example:3128'],
    ['ARCHIVER_PROXY', 'http://user:secret@:3128'],
    ['ARCHIVER_HOSTS', '{"a":'],
    ['ARCHIVER_HOSTS', '{"a":{"proxy":"http://:3128"}}'],
    ['ARCHIVER_HOSTS', '{"a":{"headers":{"x":"a\\r\\nb: c"}}}'],
    ['ARCHIVER_SWEEP_CRON', 'hourly'],
    ['ARCHIVER_SWEEP_CRON', '99 * * * *'],
    ['ARCHIVER_SWEEP_CRON', '0 0 31 2 *'],
    ['ARCHIVER_SWEEP_CRON', '@daily'],
    ['ARCHIVER_QUIET_HOURS', '8-25'],
    ['ARCHIVER_WEBHOOKS', '[{"url":"https://hooks.example","secret":"plain"}]'],
  ];
  for (const [variable, value] of WRONG) {
    test(`is refused with its name and what is accepted: ${variable}=${JSON.stringify(value)}`, () => {
      const [title, line = '', ...more] = reportOf({ environment: { [variable]: value } });
      assert.equal(title, '1 setting is wrong:');
      assert.match(line, new RegExp(`^- ${variable} \\([A-Za-z0-9]+\\) .+; accepted: .+\\.$`));
      assert.deepEqual(more, []);
    });
  }

  test('is an event that is never told, with those that are', () => {
    const webhooks = JSON.stringify([{ url: 'https://hooks.example', secret: 'whsec_AAAA', events: ['archive.dead'] }]);
    const [, line = ''] = reportOf({ environment: { ARCHIVER_WEBHOOKS: webhooks } });
    assert.match(
      line,
      /\/0\/events\/0 must be equal to one of the allowed values \(archive\.queued, .*archive\.dataset\)/,
    );
  });

  test('is reported together with all the others', () => {
    const lines = reportOf({
      environment: { ARCHIVER_MAX_BYTES: 'x', ARCHIVER_STORE: 'ftp', ARCHIVER_FOLDR: '/x' },
      settings: { maxRedirects: 'many', verifyTLS: true },
    });
    assert.equal(lines[0], '5 settings are wrong:');
    assert.equal(lines.length, 6);
  });

  test('is named without a proposal when no name is near', () => {
    const lines = reportOf({ environment: { ARCHIVER_COFFEE_MACHINE: '1' } });
    assert.deepEqual(lines.slice(1), ['- ARCHIVER_COFFEE_MACHINE is no setting.']);
  });

  test('whose name is unknown is answered with the nearest name, in the environment and in the portal', () => {
    const lines = reportOf({ environment: { ARCHIVER_MAX_BYTE: '1' }, settings: { maxBites: 1 } });
    assert.deepEqual(lines.slice(1), [
      '- ARCHIVER_MAX_BYTE is no setting; did you mean ARCHIVER_MAX_BYTES?',
      '- maxBites is no setting; did you mean maxBytes?',
    ]);
  });

  test('never shows a secret', () => {
    const secret = 'hunter2';
    const environment = {
      DATABASE_URL: `mysql://u:${secret}@h/d`,
      ARCHIVER_HOSTS: `{"a":{"credential":{"kind":"bearer","token":"${secret}"},"x":1}}`,
      ARCHIVER_WEBHOOKS: secret,
      AZURE_STORAGE_CONNECTION_STRING: secret,
    };
    const report = reportOf({ environment }).join('\n');
    assert.match(report, /^4 settings are wrong/);
    assert.doesNotMatch(report, /hunter2/);
  });

  test('may be right in itself and wrong beside another', () => {
    const NEEDED = { azure: 'AZURE_STORAGE_CONNECTION_STRING', gcs: 'ARCHIVER_GCS_BUCKET', s3: 'ARCHIVER_S3_BUCKET' };
    for (const [store, needed] of Object.entries(NEEDED)) {
      const report = reportOf({ environment: { ARCHIVER_STORE: store } }).join();
      assert.match(report, new RegExp(`\\(store\\) is "${store}", which needs ${needed}`));
    }
    const environment = { ARCHIVER_MIN_CHECK_INTERVAL_MS: '10', ARCHIVER_MAX_CHECK_INTERVAL_MS: '5' };
    assert.match(reportOf({ environment }).join(), /MIN_CHECK_INTERVAL_MS .* is 10, more than .* which is 5/);
  });
});

describe('variables that nobody wrote for the archiver', () => {
  const KUBERNETES = {
    ARCHIVER_SERVICE_HOST: '10.96.0.12',
    ARCHIVER_SERVICE_PORT: '80',
    ARCHIVER_SERVICE_PORT_HTTP: '80',
    ARCHIVER_PORT: 'tcp://10.96.0.12:80',
    ARCHIVER_PORT_80_TCP: 'tcp://10.96.0.12:80',
    ARCHIVER_PORT_80_TCP_PROTO: 'tcp',
    ARCHIVER_PORT_80_TCP_PORT: '80',
    ARCHIVER_PORT_80_TCP_ADDR: '10.96.0.12',
    ARCHIVER_WORKER_SERVICE_HOST: 'fd00::12',
    ARCHIVER_WORKER_PORT_53_UDP: 'udp://[fd00::12]:53',
  };
  const DOCKER = {
    ARCHIVER_NAME: '/portal/archiver',
    ARCHIVER_PORT_5432_TCP_START: 'tcp://172.17.0.5:5432',
    ARCHIVER_PORT_5432_TCP_PORT_END: '5433',
    ARCHIVER_ENV_LANG: 'C.UTF-8',
  };

  test('are passed over: what Kubernetes makes of services and Docker of links', () => {
    assert.deepEqual(loadConfig({ environment: { ...KUBERNETES, ...DOCKER } }), loadConfig({ environment: {} }));
  });

  test('are told from those that somebody mistyped, by what they hold', () => {
    const environment = {
      ARCHIVER_PORT: '8080',
      ARCHIVER_SERVICE_HOST: 'archive.example',
      ARCHIVER_NAME: 'archive',
      ARCHIVER_ENV_LANG: 'C',
    };
    const [title, ...lines] = reportOf({ environment });
    assert.equal(title, '4 settings are wrong:');
    assert.deepEqual(lines.slice(0, 1), ['- ARCHIVER_PORT is no setting; did you mean ARCHIVER_PORTS?']);
  });
});

test('what the tests themselves are told is no unknown setting', () => {
  assert.ok(load({ ARCHIVER_TEST_DATABASE_URL: 'x', ARCHIVER_REQUIRE_BROWSER: '1', ARCHIVER_PORTAL: './portal.js' }));
});

test('the settings that are shown hide every secret and say what is no default', () => {
  const shown = describeConfig(load({ DATABASE_URL: 'postgres://u:hunter2@h/d', ARCHIVER_MAX_BYTES: '5' }));
  assert.doesNotMatch(JSON.stringify(shown), /hunter2/);
  assert.deepEqual(
    shown.filter((one) => !one.isDefault),
    [
      { name: 'databaseUrl', environment: 'DATABASE_URL', value: '(set)', isDefault: false },
      { name: 'maxBytes', environment: 'ARCHIVER_MAX_BYTES', value: 5, isDefault: false },
    ],
  );
});

test('of the environment the proxy variables alone go on to who connects', () => {
  const environment = { HTTP_PROXY: 'http://a:1', https_proxy: 'http://b:2', NO_PROXY: 'c', DATABASE_URL: 'x' };
  const handed = Object.entries(proxyVariables(environment)).filter(([, value]) => value !== undefined);
  assert.deepEqual(Object.fromEntries(handed), { HTTP_PROXY: 'http://a:1', https_proxy: 'http://b:2', NO_PROXY: 'c' });
});
