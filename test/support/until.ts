export { until } from '../../plugin/testing/until.ts';
