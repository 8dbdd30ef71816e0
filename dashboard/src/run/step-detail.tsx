import type { RunError, StepSummary } from '../api/types.ts';
import { formatDuration, formatInstant } from '../model/format.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { RetryIcon, WarnIcon } from '../ui/icons.tsx';
import { Status } from '../ui/status.tsx';
import { StepPayloads } from './step-payloads.tsx';

export interface StepDetailProps {
  readonly runId: string;
  readonly step: StepSummary;
  readonly onRetryFrom: ((step: string) => void) | undefined;
}

/** All that is known of one step: its attempts with their errors, what went in and what came out. */
export function StepDetail({ runId, step, onRetryFrom }: StepDetailProps) {
  return (
    <div class="timeline-detail">
      <div class="run-title">
        <Status status={step.status} badge />
        <span class="run-id">
          <code>{step.stepId}</code>
          <CopyButton text={step.stepId} what="step's id" />
        </span>
        {step.retryAfter !== null && step.status === 'pending' && (
          <span class="soft">next attempt at {formatInstant(Date.parse(step.retryAfter))}</span>
        )}
        {onRetryFrom && (
          <button type="button" class="button small" style={{ marginLeft: 'auto' }} onClick={() => onRetryFrom(step.name)}>
            <RetryIcon size={14} /> Retry from here
          </button>
        )}
      </div>
      {step.error && <ErrorView error={step.error} />}
      {step.attempts.length > 0 && (
        <ol class="attempts" aria-label="Attempts">
          {step.attempts.map((attempt, index) => (
            <li key={attempt.startedAt}>
              <span class="soft">Attempt {index + 1}</span>
              {attempt.outcome === 'retrying' ? <Status status="failed" word="Failed, tried again" /> : <Status status={attempt.outcome} />}
              <span class="number soft">
                {formatInstant(Date.parse(attempt.startedAt))}
                {attempt.endedAt !== null && `, ${formatDuration(Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt))}`}
              </span>
              {attempt.error && <span>{attempt.error.message}</span>}
            </li>
          ))}
        </ol>
      )}
      <StepPayloads runId={runId} step={step} />
    </div>
  );
}

export function ErrorView({ error }: { readonly error: RunError }) {
  return (
    <div class="notice bad">
      <WarnIcon />
      <div class="notice-body">
        <strong>{error.message}</strong> {error.code !== null && <code>{error.code}</code>}
        {error.stack !== null && (
          <details class="stack">
            <summary>Stack</summary>
            <pre tabIndex={0}>{error.stack}</pre>
          </details>
        )}
      </div>
    </div>
  );
}
