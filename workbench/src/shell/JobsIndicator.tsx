/** How many jobs run, and each of them on demand. */
import { Button, Popover } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { cancel } from "../api/ask";
import { useJobs } from "../api/queries";
import type { Job } from "../api/shapes";
import { capital, inWords, number } from "../figures/words";
import { useBusy } from "../result/useAnswered";

const SHOWN = 8;

export function JobsIndicator() {
  const [open, setOpen] = useState(false);
  const busy = useBusy();
  const { data, error } = useJobs(open || busy);
  const cache = useQueryClient();
  useEffect(() => void cache.invalidateQueries({ queryKey: ["jobs"] }), [busy, cache]);
  const jobs = data ?? [];
  const active = jobs.filter(({ state }) => state === "running" || state === "queued").length;
  return (
    <Popover position="bottom-end" shadow="none" width={340} opened={open} onChange={setOpen}>
      <Popover.Target>
        <Button size="compact-xs" variant="subtle" onClick={() => setOpen(!open)}>
          <span className={active ? "beacon on" : "beacon"} aria-hidden="true" />
          {active === 1 ? "1 job" : `${active} jobs`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {error && <p className="complaint">{error.message}</p>}
        {jobs.length === 0 && !error && (
          <p className="muted note">No job yet: an analysis that takes more than a second is listed here.</p>
        )}
        <ul className="jobs">
          {jobs
            .toSorted((one, other) => String(other.created).localeCompare(String(one.created)))
            .slice(0, SHOWN)
            .map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}

function JobRow({ job }: { job: Job }) {
  const [failure, setFailure] = useState("");
  const going = job.state === "running" || job.state === "queued";
  const of = job.total ? ` ${number(job.done)} of ${number(job.total)}` : "";
  return (
    <li>
      <span>{capital(inWords(job.analysis))}</span>
      <span className="muted">{going && job.what ? `${job.what}${of}` : job.state}</span>
      {going && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => cancel(job.id).catch((error: Error) => setFailure(error.message))}
        >
          Cancel
        </Button>
      )}
      {(failure || job.error) && <p className="complaint">{failure || job.error}</p>}
    </li>
  );
}
