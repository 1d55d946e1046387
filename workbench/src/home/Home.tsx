/** Home. */
import { Empty } from "../shell/Panel";

export default function Home() {
  return (
    <main>
      <h1 className="hidden">Home</h1>
      <Empty>Nothing is here yet.</Empty>
    </main>
  );
}
