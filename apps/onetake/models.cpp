#include "commands.h"
#include "interrupt.h"
#include "progress.h"
#include "units.h"

#include <onetake/models.h>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace onetake::cli {

namespace {

struct ModelsArguments {
    std::string action = "list";
    std::vector<std::string> names;
    std::string folder, url, sha256;
    bool json = false, quiet = false;
};

bool is_variant(const std::string& name) {
    return std::ranges::any_of(denoise_models(), [&](const auto& model) { return model.variant == name; });
}

/// The path of a variant's file in the folder; any other name is a path already.
std::string path_of(const std::string& name, const ModelsArguments& options) {
    return is_variant(name) ? denoise_model_path(name, options.folder) : name;
}

void add_options(CommandLine& app, ModelsArguments& options) {
    app.add_option("ACTION", options.action, "list, download or verify (list)");
    app.add_option("NAME", options.names, "variants; for verify also files")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--folder", options.folder, "folder of the models")->type_name("TEXT");
    app.keep_for_help_all(app.add_option("--url", options.url, "download from here")->type_name("TEXT"));
    app.keep_for_help_all(
        app.add_option("--sha256", options.sha256, "refuse a file with another checksum")->type_name("TEXT"));
    app.add_flag("--json", options.json, "print JSON");
    app.add_flag("--quiet", options.quiet, "print errors only");
    app.footer(
        "Verify checks what is given, or every model in the folder.\n"
        "Example: onetake models download dpdfnet2");
}

std::string json_text(const nlohmann::ordered_json& json) {
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int list_models(const ModelsArguments& options) {
    auto array = nlohmann::ordered_json::array();
    std::string text = fmt::format("{:<18}  {:>6}  {:>8}  {:<9}  {}\n", "MODEL", "HZ", "SIZE", "HERE", "USE");
    for (const auto& model : denoise_models()) {
        const auto path = denoise_model_path(model.variant, options.folder);
        std::error_code ignored;
        const bool here = std::filesystem::exists(path, ignored);
        array.push_back({{"variant", model.variant},
                         {"sample_rate", model.sample_rate},
                         {"bytes", model.bytes},
                         {"use", model.use},
                         {"url", *denoise_model_url(model.variant)},
                         {"path", here ? nlohmann::ordered_json(path) : nlohmann::ordered_json(nullptr)}});
        text += fmt::format("{:<18}  {:>6}  {:>8}  {:<9}  {}\n", model.variant, model.sample_rate,
                            bytes_text(model.bytes), here ? "yes" : "no", model.use);
    }
    text += fmt::format("Folder: {}\n",
                        std::filesystem::path(denoise_model_path("x", options.folder)).parent_path().string());
    print(options.json ? json_text(array) : text);
    return kDone;
}

/// Prints a verified model, or why it is invalid. A warning is no failure.
int show(const Result<StoredModel>& model, const std::string& name, const ModelsArguments& options) {
    if (options.json) {
        nlohmann::ordered_json json{{"name", name}};
        if (model)
            json.update({{"path", model->path},
                         {"sha256", model->sha256},
                         {"bytes", model->bytes},
                         {"sample_rate", model->sample_rate},
                         {"downloaded", model->downloaded},
                         {"warning", model->warning}});
        else
            json["error"] = model.error().message;
        print(json_text(json));
    }
    if (!model) return report(model.error());
    if (!options.json && !options.quiet) {
        print(fmt::format("{}: {} Hz, {}, intact\n", model->path, model->sample_rate, bytes_text(model->bytes)));
        if (!model->warning.empty()) print(fmt::format("  {}\n", model->warning));
    }
    return kDone;
}

int download(const ModelsArguments& options) {
    if (options.names.empty()) {
        print_error("name a model to download (see onetake models)");
        return kUsage;
    }
    std::stop_source cancel;
    const Interrupt interrupt(cancel);
    const bool line = ::isatty(STDERR_FILENO) == 1 && !options.quiet && !options.json;
    int code = kDone;
    for (const auto& name : options.names) {
        DownloadOptions wanted;
        wanted.folder = options.folder;
        wanted.url = options.url;
        wanted.sha256 = options.sha256;
        wanted.cancel = cancel.get_token();
        wanted.on_progress = [&](std::uint64_t here, std::uint64_t all) {
            if (line && all > 0) fmt::print(stderr, "\r{}  {} of {}\x1b[K", name, bytes_text(here), bytes_text(all));
        };
        const auto model = download_denoise_model(name, wanted);
        if (line) fmt::print(stderr, "\r\x1b[K");
        code = std::max(code, show(model, name, options));
        if (cancel.stop_requested()) break;
    }
    return code;
}

int verify(ModelsArguments options) {
    if (options.names.empty())
        for (const auto& model : denoise_models()) {
            std::error_code ignored;
            if (std::filesystem::exists(denoise_model_path(model.variant, options.folder), ignored))
                options.names.emplace_back(model.variant);
        }
    if (options.names.empty() && !options.json && !options.quiet) print("No model is downloaded.\n");
    int code = kDone;
    for (const auto& name : options.names)
        code = std::max(code, show(verify_denoise_model(path_of(name, options)), name, options));
    return code;
}

}  // namespace

int models(const Args& args) {
    ModelsArguments options;
    CommandLine app{"List, download and verify models for speech enhancement.", "onetake models"};
    add_options(app, options);
    if (const auto code = parse(app, args)) return *code;
    if (options.action == "list") return list_models(options);
    if (options.action == "download") return download(options);
    if (options.action == "verify") return verify(std::move(options));
    print_error(fmt::format("models {}: must be list, download or verify", options.action));
    return kUsage;
}

}  // namespace onetake::cli
