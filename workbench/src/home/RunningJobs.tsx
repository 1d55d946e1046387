/** What is being worked on now, how far it is, and how to stop it. */
import { Button, Progress } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { cancel } from "../api/ask";
import type { Job } from "../api/shapes";
import { capital, inWords, number } from "../figures/words";
import { Complaint, Panel } from "../shell/Panel";
import { isActive, useLiveJobs, useMe } from "./live";
import { ago } from "./words";

const ENDED_SHOWN = 4;

export function RunningJobs() {
  const { data: jobs, error } = useLiveJobs();
  const active = jobs?.filter(isActive) ?? [];
  const failed = jobs?.filter(({ state }) => state === "failed" || state === "interrupted") ?? [];
  return (
    <Panel id="jobs" title="Jobs" reading={jobs ? summary(jobs, active.length) : ""}>
      {error && <Complaint>{error.message}</Complaint>}
      {!jobs && !error && <div className="skeleton" style={{ height: 72 }} />}
      {jobs && active.length + failed.length === 0 && (
        <p className="muted">Nothing runs. A question that takes longer than a second is followed here.</p>
      )}
      <ul className="home-jobs" aria-live="polite">
        {active.map((job) => (
          <ActiveJob key={job.id} job={job} />
        ))}
        {failed.slice(0, ENDED_SHOWN).map((job) => (
          <li key={job.id}>
            <span className="job-name">{capital(inWords(job.analysis))}</span>
            <span className="muted">
              {job.state} {ago(job.created)}
            </span>
            {job.error && <p className="complaint">{job.error}</p>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function summary(jobs: readonly Job[], active: number): string {
  const done = jobs.filter(({ state }) => state === "done").length;
  return active > 0 ? `${active} going on, ${done} done` : `${done} done`;
}

function ActiveJob({ job }: { job: Job }) {
  const [failure, setFailure] = useState("");
  const cache = useQueryClient();
  const { data: me } = useMe();
  const { model } = job.arguments;
  const share = job.total ? (100 * job.done) / job.total : null;
  const far = job.total
    ? `${inWords(job.what)} ${number(job.done)} of ${number(job.total)}`
    : job.state === "queued"
      ? "waits its turn"
      : inWords(job.what) || "begins";
  const stop = () =>
    cancel(job.id)
      .then(() => cache.invalidateQueries({ queryKey: ["jobs"] }))
      .catch((error: Error) => setFailure(error.message));
  return (
    <li>
      <span className="job-name">
        {capital(inWords(job.analysis))}
        {typeof model === "string" && <span className="mono muted"> {model}</span>}
      </span>
      {me?.role !== "viewer" && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={stop}
          aria-label={`Cancel ${inWords(job.analysis)}`}
        >
          Cancel
        </Button>
      )}
      <Progress
        className="job-progress"
        value={share ?? 0}
        size={4}
        aria-label={`Progress of ${inWords(job.analysis)}`}
      />
      <span className="muted job-far">{far}</span>
      {failure && <Complaint>{failure}</Complaint>}
    </li>
  );
}
