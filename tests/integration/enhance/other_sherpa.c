/* A library of another version than the worker was built for. */
const char *SherpaOnnxGetVersionStr(void);

const char *SherpaOnnxGetVersionStr(void) {
    return "0.0.1";
}
