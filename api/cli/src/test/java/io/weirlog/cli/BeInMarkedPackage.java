package io.weirlog.cli;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.lang.annotation.Annotation;

/// The package of a class carries an annotation.
final class BeInMarkedPackage extends ArchCondition<JavaClass> {
    private final Class<? extends Annotation> mark;

    BeInMarkedPackage(Class<? extends Annotation> mark) {
        super("be in a package with @" + mark.getSimpleName());
        this.mark = mark;
    }

    @Override
    public void check(JavaClass checked, ConditionEvents events) {
        var marked = checked.getPackage().isAnnotatedWith(mark);
        events.add(new SimpleConditionEvent(checked, marked, checked.getFullName() + " is not in such a package"));
    }
}
