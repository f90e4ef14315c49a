// The page's request through openapi-generator's TypeScript: it compiles, the reply is typed, no operation is missing.
import { AccountApi, AlmightyReferenceToVideoApi, Configuration, FilesApi, FirstLastImageToVideoApi } from "./typescript-fetch";
import { ImageToVideoApi, ModelsApi, MultiImageToVideoApi, TasksApi, TextToVideoApi } from "./typescript-fetch";

const settings = new Configuration({ basePath: "http://127.0.0.1", accessToken: "sk-emulator" });
const reply = await new ImageToVideoApi(settings).submitImageToVideo({
  imageToVideoRequest: {
    model: "WERYAI_VIDEO_1_0",
    prompt: "Make the person wave their hand",
    image: "https://example.com/reference.jpg",
    videoNumber: 1,
    aspectRatio: "16:9",
    duration: 5,
    generateAudio: false,
  },
});
const ids: string[] | null | undefined = reply.data?.taskIds;
// @ts-expect-error an id is a text, so the reply is typed and not `unknown` or `any`
const numbers: number[] | null | undefined = reply.data?.taskIds;
const tasks = new TasksApi(settings);
const others = [
  tasks.getTaskStatus, tasks.getBatchStatus,
  new AccountApi(settings).getBalance, new FilesApi(settings).uploadFile, new ModelsApi(settings).listVideoModels,
  new AlmightyReferenceToVideoApi(settings).submitAlmightyReferenceToVideo,
  new FirstLastImageToVideoApi(settings).submitFirstLastImageToVideo,
  new MultiImageToVideoApi(settings).submitMultiImageToVideo, new TextToVideoApi(settings).submitTextToVideo,
];
console.log(ids, numbers, others);
