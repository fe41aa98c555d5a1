import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { codeOf, messageOf } from '../errors.ts';

/** Nothing is recorded unless the portal has set up OpenTelemetry; whether before or after us does not matter. */
const tracer = trace.getTracer('portal-archiver');

/**
 * Runs `work` in a span of this name, below the one that is under way where it is called. `told`: what its result adds. What it
 * throws makes the span an error, and is thrown on.
 */
export function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: () => Promise<Result>,
  told: (result: Result) => Attributes = () => ({}),
): Promise<Result> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      const result = await work();
      if (span.isRecording()) span.setAttributes(told(result));
      return result;
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

function fail(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
  span.setAttribute('error.type', codeOf(error) || 'internal');
}
