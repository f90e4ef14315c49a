// The page's request through hey-api's client: it compiles, the reply is typed, mistakes are told.
import { client } from "./hey-api/client.gen";
import { getTaskStatus, submitImageToVideo, uploadFile } from "./hey-api/sdk.gen";
import type { ImageToVideoRequest } from "./hey-api/types.gen";

client.setConfig({ baseUrl: "http://127.0.0.1", auth: "sk-emulator" });
await uploadFile({ body: { file: new Blob(["bytes"]) } });
const { data: reply } = await submitImageToVideo({
  body: {
    model: "WERYAI_VIDEO_1_0",
    prompt: "Make the person wave their hand",
    image: "https://example.com/reference.jpg",
    video_number: 1,
    aspect_ratio: "16:9",
    duration: 5,
    generate_audio: false,
  },
});
const ids: string[] | null | undefined = reply?.data?.task_ids;
// @ts-expect-error an id is a text, so the reply is typed and not `unknown` or `any`
const numbers: number[] | null | undefined = reply?.data?.task_ids;
// @ts-expect-error a request is closed, so a misspelt field is a mistake
const misspelt: ImageToVideoRequest = { model: "A", prompt: "x", image: "https://example.com/a.jpg", durration: 5 };
const { data: task } = await getTaskStatus({ path: { taskId: ids?.[0] ?? "" } });
const state: string | null | undefined = Array.isArray(task?.data) ? task.data[0]?.task_status : task?.data?.task_status;
console.log(numbers, misspelt, state);
