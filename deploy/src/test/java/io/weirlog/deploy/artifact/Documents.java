package io.weirlog.deploy.artifact;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/// YAML and JSON in one form that is easy to walk through.
final class Documents {
    private static final Gson GSON = new Gson();

    private Documents() {}

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonObject json(Path file) {
        return JsonParser.parseString(text(file)).getAsJsonObject();
    }

    static JsonObject yaml(Path file) {
        return yaml(text(file)).getFirst();
    }

    /// All documents of a stream, without the empty ones.
    static List<JsonObject> yaml(String text) {
        var options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        List<JsonObject> documents = new ArrayList<>();
        for (var document : new Yaml(new SafeConstructor(options)).loadAll(text)) {
            if (document != null) {
                documents.add(GSON.toJsonTree(document).getAsJsonObject());
            }
        }
        return documents;
    }

    /// The element at `spec.template.spec`.
    static JsonElement at(JsonObject object, String path) {
        JsonElement element = object;
        for (var name : path.split("\\.", -1)) {
            element = element.getAsJsonObject().get(name);
            if (element == null) {
                throw new AssertionError("there is no " + path + " in " + object);
            }
        }
        return element;
    }

    static String string(JsonObject object, String path) {
        return at(object, path).getAsString();
    }

    static List<JsonObject> objects(JsonObject object, String path) {
        return objects(at(object, path).getAsJsonArray());
    }

    private static List<JsonObject> objects(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    static List<String> strings(JsonObject object, String path) {
        return StreamSupport.stream(at(object, path).getAsJsonArray().spliterator(), false)
                .map(JsonElement::getAsString)
                .toList();
    }

    /// Shows `visitor` each object in `element`, however deep.
    static void walk(JsonElement element, Consumer<JsonObject> visitor) {
        if (element.isJsonObject()) {
            visitor.accept(element.getAsJsonObject());
            element.getAsJsonObject().asMap().values().forEach(inner -> walk(inner, visitor));
        } else if (element.isJsonArray()) {
            element.getAsJsonArray().forEach(inner -> walk(inner, visitor));
        }
    }

    /// The one group of each match.
    static List<String> matches(String regex, String text) {
        return Pattern.compile(regex, Pattern.MULTILINE)
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    static String match(String regex, String text) {
        Matcher matcher = Pattern.compile(regex, Pattern.MULTILINE).matcher(text);
        if (!matcher.find()) {
            throw new AssertionError(regex + " is not in\n" + text);
        }
        return matcher.group(1);
    }
}
